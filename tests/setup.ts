import fc from "fast-check";
import { beforeAll } from "vitest";
import { loadBackend } from "../src/core/backend";

// One seed, so that a run of the suite depends on the code alone; another one looks elsewhere.
fc.configureGlobal({ seed: Number(process.env["FINE_R1_PROPERTY_SEED"] ?? 1) });

beforeAll(async () => {
  await loadBackend();
});
