import { loadWorldConfig, type WorldConfig } from "../../src/miniworld/config";
import type { SubCategory } from "../../src/data/types";
import type { MiniWorld } from "../../src/miniworld/types";
import { CANDIDATES } from "../../src/miniworld/config";
import { buildMiniWorld } from "../../src/miniworld/world";

export const smokeConfig: WorldConfig = loadWorldConfig("configs/worlds/smoke.yaml");
export const smokeWorld = buildMiniWorld(smokeConfig);
export const marksWorld = buildMiniWorld({ ...smokeConfig, chain: { verdict: "marks" } });
export const testConfig: WorldConfig = loadWorldConfig("configs/worlds/test.yaml");

/** The names of a class and of the three most like it, as the candidates of an open chain. */
export function alike(world: MiniWorld, subCategory: SubCategory): string[] {
  return world
    .lookalikes(subCategory)
    .slice(0, CANDIDATES)
    .map(({ name }) => name);
}
