import { afterEach, expect, it, vi } from "vitest";
import { numericsMode } from "../../src/core/backend";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("takes an empty FINE_R1_NUMERICS for an unset one, and refuses a misspelt one", () => {
  vi.stubEnv("FINE_R1_NUMERICS", "");
  expect(numericsMode()).toBe("portable");
  vi.stubEnv("FINE_R1_NUMERICS", "fast");
  expect(numericsMode).toThrow('FINE_R1_NUMERICS is "fast"');
});

it("refuses an engine that there is not, before any is loaded", async () => {
  vi.stubEnv("FINE_R1_BACKEND", "gpu");
  vi.resetModules(); // an engine is loaded once a process
  const { loadBackend } = await import("../../src/core/backend");
  await expect(loadBackend()).rejects.toThrow(
    'FINE_R1_BACKEND is "gpu". Set it to "tensorflow" (the default) or "wasm", or unset it.',
  );
});
