import type { FigureJson } from "../figure/figure";

/** What we use of tslab, which the notebook passes in: `import * as tslab from "tslab"`. */
export interface NotebookKernel {
  readonly display: KernelDisplay;
  newDisplay(): KernelDisplay;
}

export interface KernelDisplay {
  raw(mime: string, body: string): unknown;
}

/** One output in several forms; the reader's program takes the best it knows. */
export type Bundle = Readonly<Record<string, FigureJson>>;

/** A place in a cell's output: the first `send` makes it, later ones replace its content. */
export interface Place {
  send(bundle: Bundle): void;
}

/** The message that Jupyter calls display_data, or update_display_data with `update`. */
export type DisplayWriter = (
  message: { data: Bundle; metadata: Readonly<Record<string, never>>; transient: { display_id: string } },
  update: boolean,
) => void;

let places = 0;

/**
 * A place of its own in the output. tslab's public interface sends one form a message, so that a chart would be either
 * interactive or visible outside JupyterLab; its private writer sends several. Where that is missing, the first form of
 * the bundle that is text goes out alone.
 */
export function openPlace(kernel: NotebookKernel, writerNow: () => DisplayWriter | undefined): Place {
  places += 1;
  const id = `fine-r1-${process.pid}-${places}`;
  let single: KernelDisplay | undefined;
  let sent = false;
  return {
    send: (bundle) => {
      const write = writerNow();
      if (write === undefined) {
        single ??= kernel.newDisplay();
        sendSingle(single, bundle);
      } else {
        write({ data: bundle, metadata: {}, transient: { display_id: id } }, sent);
        sent = true;
      }
    },
  };
}

/** The writer of the running tslab, found among the loaded modules; `undefined` outside the kernel. */
export function tslabWriter(): DisplayWriter | undefined {
  for (const [file, loaded] of Object.entries(require.cache)) {
    if (!/[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(file)) continue;
    const exported: unknown = loaded?.exports;
    if (typeof exported !== "object" || exported === null || !("lastWriteDisplayData" in exported)) continue;
    const write = exported.lastWriteDisplayData;
    if (isWriter(write)) return write;
  }
  return undefined;
}

function isWriter(value: unknown): value is DisplayWriter {
  return typeof value === "function";
}

function sendSingle(display: KernelDisplay, bundle: Bundle): void {
  const texts = Object.entries(bundle).flatMap(([mime, body]) => (typeof body === "string" ? [{ mime, body }] : []));
  const [best] = texts;
  if (best !== undefined) display.raw(best.mime, best.body);
}
