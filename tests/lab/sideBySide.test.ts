import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { silent, type Progress } from "../../src/core/progress";
import { makeAll } from "../../src/lab/make";
import { defineStage, refSchema, type LabContext, type Ref, type Stage } from "../../src/lab/stage";
import { listFinished } from "../../src/store/store";
import { runHere } from "../../src/workers/job";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-side-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

let stores = 0;
function contextOf(lanes: number, more: Partial<LabContext> = {}): LabContext {
  stores += 1;
  const workers = { size: lanes, runner: runHere, forget: () => undefined };
  return { store: path.join(scratch, String(stores)), progress: silent, workers, ...more };
}

/** Called before a stage's body ends. */
type Body = (id: number, folder: string, signal: AbortSignal) => Promise<void>;

/** A kind whose stages add their own number to ten times what those that they need came to, read from their files. */
function adding(body: Body) {
  return defineStage<Record<string, number | Ref>, { sum: number }>({
    kind: "adding",
    version: 1,
    inputs: z.record(z.string(), z.union([z.number(), refSchema])),
    result: z.strictObject({ sum: z.number() }),
    run: async (inputs, bench) => {
      const needs = Object.values(inputs).flatMap((value) => (typeof value === "number" ? [] : [value]));
      const read = (ref: Ref): number => Number(fs.readFileSync(path.join(bench.place(ref), "sum.txt"), "utf8"));
      const sum = needs.reduce((all, ref) => (all + 10 * read(ref)) % 999_983, Number(inputs["id"]));
      await body(Number(inputs["id"]), bench.folder, bench.context.signal ?? AbortSignal.abort());
      fs.writeFileSync(path.join(bench.folder, "sum.txt"), String(sum));
      return { sum };
    },
  });
}

type Shape = readonly { readonly needs: readonly number[]; readonly delay: number }[];
const shapes: fc.Arbitrary<Shape> = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), delay: fc.integer({ min: 0, max: 6 }) }), {
    minLength: 1,
    maxLength: 9,
  })
  .map((drawn) =>
    drawn.map(({ needs, delay }, i) => ({ delay, needs: i === 0 ? [] : [...new Set(needs.map((n) => n % i))] })),
  );

/** The stages of a shape. What two of them need is described for each of them anew, as two methods or seeds would. */
function describeAll(kind: ReturnType<typeof adding>, shape: Shape): Stage[] {
  const one = (id: number): Stage => {
    const needs = (shape[id]?.needs ?? []).map((need) => [`need${need}`, one(need)] as const);
    return kind.stage({ id, ...Object.fromEntries(needs) }, `stage ${id}`);
  };
  return shape.map((_, id) => one(id));
}

const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms));

describe("stages side by side", () => {
  it("are made once each, and to the same results with any number of lanes", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 2, max: 4 }), async (shape, lanes) => {
        const made = async (size: number) => {
          const begun: number[] = [];
          let [atWork, most] = [0, 0];
          const kind = adding(async (id) => {
            begun.push(id);
            most = Math.max(most, ++atWork);
            await pause(shape[id]?.delay ?? 0);
            atWork--;
          });
          const context = contextOf(size);
          const stages = describeAll(kind, shape);
          const finished = await makeAll(context, stages);
          expect([...begun].sort((a, b) => a - b)).toEqual(shape.map((_, id) => id));
          expect(most).toBeLessThanOrEqual(size);
          expect([...(await makeAll(context, stages)).values()].every(({ cached }) => cached)).toBe(true);
          expect(listFinished(context.store).length).toBe(shape.length);
          return stages.map(({ key }) => [key, finished.get(key)?.result]);
        };
        expect(await made(lanes)).toEqual(await made(1));
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  it("are made once each when two ask for them at the same time", async () => {
    const begun: number[] = [];
    const kind = adding(async (id) => {
      begun.push(id);
      await pause(20);
    });
    const context = contextOf(2);
    const stages = describeAll(kind, [{ needs: [], delay: 0 }, { needs: [0], delay: 0 }, { needs: [0], delay: 0 }]); // prettier-ignore
    const [one, two] = await Promise.all([makeAll(context, stages), makeAll(context, stages)]);
    expect(begun.sort()).toEqual([0, 1, 2]);
    for (const { key } of stages) expect(one.get(key)?.result).toEqual(two.get(key)?.result);
  });

  /** Three that run until they are stopped and keep a file, such as a checkpoint; the second may fail. */
  const endless = (failing: boolean) =>
    adding(async (id, folder, signal) => {
      if (failing && id === 1) {
        await pause(20);
        throw new Error("number 1 failed");
      }
      while (!signal.aborted) await pause(1);
      fs.writeFileSync(path.join(folder, "checkpoint"), String(id));
      signal.throwIfAborted();
    });
  const three: Shape = [0, 1, 2].map(() => ({ needs: [], delay: 0 }));
  const keptIn = (store: string): string[] =>
    fs
      .readdirSync(store)
      .filter((name) => name.startsWith("adding"))
      .flatMap((name) => fs.readdirSync(path.join(store, name)));
  const leasesIn = (store: string): string[] =>
    fs.readdirSync(path.join(store, "leases")).map((name) => {
      return /"state":"(\w+)"/.exec(fs.readFileSync(path.join(store, "leases", name), "utf8"))?.[1] ?? "";
    });

  it("stop when one of them fails: the others keep what they had, none begins, and the failure is told", async () => {
    const context = contextOf(2);
    await expect(makeAll(context, describeAll(endless(true), three))).rejects.toThrow("number 1 failed");
    expect(keptIn(context.store)).toEqual(["checkpoint"]);
    expect(leasesIn(context.store)).toEqual(["free", "free"]);
  });

  it("all keep what they had when the caller stops them, and let go of their leases", async () => {
    const controller = new AbortController();
    const reason = new Error("stopped by hand");
    const context = contextOf(3, { signal: controller.signal });
    setTimeout(() => {
      controller.abort(reason);
    }, 50);
    await expect(makeAll(context, describeAll(endless(false), three))).rejects.toBe(reason);
    expect(keptIn(context.store)).toEqual(["checkpoint", "checkpoint", "checkpoint"]);
    expect(leasesIn(context.store)).toEqual(["free", "free", "free"]);
  });

  it("say whose they are, and together how many are made", async () => {
    const told: string[] = [];
    const follow = (label: string, total: number) => {
      told.push(`${label} of ${total}`);
      return { update: (done: number) => told.push(`${label} ${done}`), finish: () => told.push(`${label} ends`) };
    };
    const progress: Progress = { start: follow, sumUp: follow };
    const kind = defineStage<{ id: number }, null>({
      kind: "told",
      version: 1,
      inputs: z.strictObject({ id: z.number() }),
      result: z.null(),
      run: (_, { context, label }) => {
        for (const task of ["Describing", label]) context.progress.start(task, 1).finish();
        return Promise.resolve(null);
      },
    });
    const stages = [1, 2].map((id) => kind.stage({ id }, "tapo"));
    await makeAll(contextOf(1, { progress }), stages, {
      prefix: ({ inputs }) => `seed ${JSON.stringify(inputs["id"])}, `,
    });
    expect(told).toEqual([
      "all stages of 2",
      "all stages 0",
      ...["Describing", "tapo"].flatMap((task) => [`seed 1, ${task} of 1`, `seed 1, ${task} ends`]),
      "all stages 1",
      ...["Describing", "tapo"].flatMap((task) => [`seed 2, ${task} of 1`, `seed 2, ${task} ends`]),
      "all stages 2",
      "all stages ends",
    ]);
    told.length = 0;
    await makeAll(contextOf(1, { progress }), stages.slice(0, 1));
    expect(told, "one stage alone is not summed up").not.toContain("all stages of 1");
  });
});
