import { describe, expect, it } from "vitest";
import { loadBackend } from "../../src/core/backend";
import { readWorkers, workerCount } from "../../src/workers/count";

describe("the number of workers", () => {
  it("is a whole number, or one for each core where nothing or auto is asked for", () => {
    expect(["", "auto", "1", "8", "1024"].map(readWorkers)).toEqual(["auto", "auto", 1, 8, 1024]);
  });

  it.each(["0", "-1", "1.5", "1e1", "many", " 2 ", "1025", "AUTO"])(
    "is refused as %j, with what it may be",
    (asked) => {
      expect(() => readWorkers(asked)).toThrow(/--workers \(FINE_R1_WORKERS\): cannot be ".*1 .*to 1024, or "auto"/);
    },
  );

  it("is what a command asks for, before what the environment says", async () => {
    await loadBackend();
    expect(workerCount("3")).toEqual({ workers: 3 });
    expect(process.env["FINE_R1_WORKERS"]).toBe("1"); // vitest.config.ts
    expect(workerCount()).toEqual({ workers: 1 });
    expect(workerCount("auto").workers).toBeGreaterThan(0);
  });
});
