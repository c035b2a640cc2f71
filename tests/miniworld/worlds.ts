import { loadWorldConfig, type WorldConfig } from "../../src/miniworld/config";
import { buildMiniWorld } from "../../src/miniworld/world";

export const smokeConfig: WorldConfig = loadWorldConfig("configs/worlds/smoke.yaml");
export const smokeWorld = buildMiniWorld(smokeConfig);
export const marksWorld = buildMiniWorld({ ...smokeConfig, chain: { verdict: "marks" } });
export const testConfig: WorldConfig = loadWorldConfig("configs/worlds/test.yaml");
