import { loadWorldConfig, type WorldConfig } from "../../src/config/world";
import { buildMiniWorld } from "../../src/data/miniworld/world";

export const smokeConfig: WorldConfig = loadWorldConfig("configs/worlds/smoke.yaml");
export const smokeWorld = buildMiniWorld(smokeConfig);
export const marksWorld = buildMiniWorld({ ...smokeConfig, chain: { verdict: "marks" } });
export const testConfig: WorldConfig = loadWorldConfig("configs/worlds/test.yaml");
