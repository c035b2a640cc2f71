import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Json, Work } from "../../src/store/key";
import { makeOnce, type Finished, type StoreContext } from "../../src/store/store";
import { listening } from "./workers";

type Do = (folder: string, signal: AbortSignal) => number | Promise<number>;

export const work = (inputs: Json = { a: 1 }, kind = "sum", version = 1): Work => ({ kind, version, inputs });

export function asNumber(result: unknown): number {
  if (typeof result === "number") return result;
  throw new TypeError("must be a number");
}

/** A store of works whose result is a number. */
export class Sums {
  readonly store = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-store-"));
  private readonly heard = listening();
  /** Of what was shown. */
  readonly labels = this.heard.labels;
  context: StoreContext = { store: this.store, progress: this.heard.progress };
  /** How often a body ran. */
  calls = 0;

  /** Makes a work, or takes it. */
  make(inputs?: Json, run: Do = () => 3, scraps: readonly string[] = []): Promise<Finished<number>> {
    return makeOnce(this.context, work(inputs), {
      parse: asNumber,
      scraps,
      run: async (folder, signal) => {
        this.calls += 1;
        return run(folder, signal);
      },
    });
  }

  /** The work with two files, one of them in a folder. */
  filled(): Promise<Finished<number>> {
    return this.make({ a: 1 }, (folder) => {
      write(folder, "records.jsonl", '{"a":1}\n{"a":2}\n');
      write(folder, "model/weights", "weights");
      return 3;
    });
  }
}

/** All that lies below a folder. */
export const files = (folder: string): string[] => (fs.readdirSync(folder, { recursive: true }) as string[]).sort();

export function write(folder: string, name: string, content: string): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), content);
}
