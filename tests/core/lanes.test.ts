import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inLanes, type Piece } from "../../src/core/lanes";

interface Timed extends Piece {
  readonly turns: number;
}

/** Graphs: piece i needs some of those before it, and takes some turns of the event loop. The list is in such an order. */
const graphs = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), turns: fc.integer({ min: 0, max: 5 }) }), {
    minLength: 1,
    maxLength: 14,
  })
  .map((drawn) =>
    drawn.map(({ needs, turns }, i): Timed => {
      const before = i === 0 ? [] : [...new Set(needs.map((need) => need % i))];
      return { key: `p${i}`, needs: before.map((need) => ({ key: `p${need}` })), turns };
    }),
  );
const lanesOf = fc.integer({ min: 1, max: 5 });

async function wait(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((go) => setImmediate(go));
}

describe("inLanes", () => {
  it("does every piece once, never before its needs, never more than there are lanes", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, lanesOf, async (pieces, lanes) => {
        const begun: string[] = [];
        const done = new Set<string>();
        let most = 0;
        await inLanes(pieces, { lanes }, async ({ key, needs, turns }) => {
          expect(needs.every((need) => done.has(need.key))).toBe(true);
          begun.push(key);
          most = Math.max(most, begun.length - done.size);
          await wait(turns);
          done.add(key);
        });
        expect([...begun].sort()).toEqual(pieces.map(({ key }) => key).sort());
        expect(most).toBeLessThanOrEqual(lanes);
        // one lane: the order of the list, as it was before there were lanes
        if (lanes === 1) expect(begun).toEqual(pieces.map(({ key }) => key));
      }),
    );
  });

  it("leaves no lane idle while a piece could begin, and begins the first of those that could", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, lanesOf, async (pieces, lanes) => {
        const atWork = new Set<string>();
        const done = new Set<string>();
        const ready = (): string[] =>
          pieces
            .filter(({ key, needs }) => !atWork.has(key) && !done.has(key) && needs.every((need) => done.has(need.key)))
            .map(({ key }) => key);
        await inLanes(pieces, { lanes }, async ({ key, turns }) => {
          expect(ready()[0]).toBe(key);
          atWork.add(key);
          await wait(1); // all that begin with it have begun
          expect(atWork.size === lanes || ready().length === 0).toBe(true);
          await wait(turns);
          atWork.delete(key);
          done.add(key);
          await wait(0);
        });
      }),
    );
  });

  it("begins nothing after a failure, waits for what is at work, and throws the error of the first that failed", async () => {
    await fc.assert(
      fc.asyncProperty(graphs, lanesOf, fc.array(fc.nat(), { minLength: 1 }), async (pieces, lanes, drawn) => {
        const bad = new Set(drawn.map((i) => `p${i % pieces.length}`));
        const threw = new Map<string, unknown>();
        let atWork = 0;
        const working = inLanes(pieces, { lanes }, async ({ key, turns }, signal) => {
          expect(threw.size).toBe(0);
          atWork++;
          try {
            await wait(turns);
            if (bad.has(key)) throw new Error(key);
            signal.throwIfAborted(); // a place at which it can stop: with the error of the one that failed
          } catch (error) {
            threw.set(key, error);
            throw error;
          } finally {
            atWork--;
          }
        });
        const thrown: unknown = await working.catch((error: unknown) => error);
        expect(atWork).toBe(0);
        expect(thrown).toBe(threw.get(pieces.find(({ key }) => threw.has(key))?.key ?? ""));
        expect(thrown).toBeInstanceOf(Error);
      }),
    );
  });

  const three = ["a", "b", "c"].map((key) => ({ key, needs: [] }));
  it("stops all when its signal ends, and throws the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("stopped by hand");
    const kept: string[] = [];
    const working = inLanes(three, { lanes: 2, signal: controller.signal }, async ({ key }, signal) => {
      while (!signal.aborted) await wait(1);
      kept.push(key);
      signal.throwIfAborted();
    });
    controller.abort(reason);
    await expect(working).rejects.toBe(reason);
    expect(kept).toEqual(["a", "b"]);
    await expect(inLanes(three, { lanes: 2, signal: controller.signal }, () => wait(0))).rejects.toBe(reason);
  });

  it("tells of what went wrong while it stopped before it tells that it was stopped", async () => {
    const controller = new AbortController();
    const working = inLanes(three, { lanes: 3, signal: controller.signal }, async ({ key }, signal) => {
      while (!signal.aborted) await wait(1);
      if (key === "b") throw new Error("disk full");
      signal.throwIfAborted();
    });
    controller.abort(new Error("stopped by hand"));
    await expect(working).rejects.toThrow("disk full");
  });

  it("refuses a list that lacks what its pieces need", async () => {
    const lacking = [{ key: "a", needs: [{ key: "z" }] }];
    await expect(inLanes(lacking, { lanes: 2 }, () => wait(0))).rejects.toThrow(/a need what is not in the list/);
  });
});
