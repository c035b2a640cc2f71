import * as path from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { ROOT } from "../../src/config/load";
import { shownPlace } from "../../src/lab/given";

afterEach(() => {
  vi.restoreAllMocks();
});

it("a benchmark and a row are shown as they are named, wherever the process stands", () => {
  vi.spyOn(process, "cwd").mockReturnValue(path.join(ROOT, "notebooks")); // what is no path must not be read as one from there
  expect(["mme:/data/MME", "row:siglip-l"].map(shownPlace)).toEqual(["mme:/data/MME", "row:siglip-l"]);
});
