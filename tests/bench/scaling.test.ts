import { describe, expect, it } from "vitest";
import { worldOf } from "../../bench/lib/classes";
import { scalingTable, type Point } from "../../bench/lib/scalingTable";
import { loadConfig } from "../../src/config/load";
import { configFile } from "../../src/config/names";
import { worldSchema } from "../../src/miniworld/config";
import { buildMiniWorld } from "../../src/miniworld/world";

describe("worldOf", () => {
  const like = loadConfig(configFile("worlds", "test"), worldSchema);

  it.each([60, 120, 240, 480])("makes a world of %i classes that is otherwise the test world", (classes) => {
    const config = worldOf(classes, like);
    expect(buildMiniWorld(config).subCategories).toHaveLength(classes);
    expect(config.attributes).toEqual(like.attributes);
  });

  it("keeps the test world itself, and refuses what is no whole number of genera", () => {
    expect(worldOf(240, like)).toEqual(like); // 6 domains of 10 genera of 4 species
    expect(() => worldOf(62, like)).toThrow(/62 classes/);
  });
});

describe("scalingTable", () => {
  const limit = { product: 100, narrowProduct: 80, copy: 10, addition: 5, narrowAddition: 9, dispatch: 8 };
  const point = (at: number, seconds: number): Point => ({
    at,
    total: { median: seconds, low: seconds, high: seconds },
    parts: { total: seconds, generation: seconds / 2, scoring: 0, update: seconds / 2 },
    updateFlops: seconds * 1e10, // over half of the seconds: 20 GFLOP/s
    memory: undefined,
  });
  const machine = { cpu: "x", cores: 2, memoryGib: 1, system: "x", node: "x", busyBefore: 0 };
  const axis = (name: string, points: readonly Point[]) => ({ name, fixed: "all else", points });

  it("shows the exponent of each interval, the straight line, and workers beyond the cores", () => {
    const text = scalingTable({
      machine,
      rounds: 1,
      limits: { alone: limit, together: limit },
      // t = 0.1 + 0.01·x: fixed 100 ms, 10 ms for each; exponents ln(0.5/0.3)/ln 2 = 0.74 and ln(0.9/0.5)/ln 2 = 0.85.
      axes: [
        axis("rollouts", [point(20, 0.3), point(40, 0.5), point(80, 0.9)]),
        axis("workers", [point(1, 1), point(4, 0.5)]),
      ],
      classes: [],
    });
    expect(text).toContain("| 40 | 500 (500–500) | 250 | 0 | 250 | 20 | 0.74 | – |");
    expect(text).toContain("| 80 | 900 (900–900) | 450 | 0 | 450 | 20 | 0.85 | – |");
    expect(text).toContain("A straight line: 100 ms and 10.0 ms for each.");
    expect(text).toContain("it grows from rollouts 20 on, nowhere faster than in proportion");
    expect(text).toContain("| 4 (more than cores) | 500 (500–500) |");
  });
});
