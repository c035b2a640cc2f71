import { afterEach, expect, it, vi } from "vitest";
import { limit, type LimitName } from "../../src/core/limits";

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each<[LimitName, string]>([
  ["FINE_R1_SERVED_LANES", "0.5"],
  ["FINE_R1_SERVED_LANES", "2000"],
  ["FINE_R1_SERVED_SECONDS", "9999999"],
  ["FINE_R1_MAX_PIXELS", "Infinity"],
  ["FINE_R1_MAX_LAYERS", "many"],
])("%s=%s is refused: a bound is a whole number that it can be", (name, given) => {
  vi.stubEnv(name, given);
  expect(() => limit(name)).toThrow(new RegExp(`^${name}: "${given}" is no whole number from 1 to \\d+\\. Correct it, or unset it for \\d+`, "u")); // prettier-ignore
});

it("a bound is what its variable says, else the usual one", () => {
  vi.stubEnv("FINE_R1_SERVED_SECONDS", "2147483");
  vi.stubEnv("FINE_R1_MAX_HEADER_BYTES", "2e7");
  vi.stubEnv("FINE_R1_SERVED_LANES", "");
  expect((["FINE_R1_SERVED_SECONDS", "FINE_R1_MAX_HEADER_BYTES", "FINE_R1_SERVED_LANES"] as const).map(limit)).toEqual([2_147_483, 20_000_000, 16]); // prettier-ignore
});
