import { afterEach, expect, it, vi } from "vitest";
import { shownPlace } from "../../src/lab/given";

afterEach(() => {
  vi.restoreAllMocks();
});

it("a benchmark and a row are shown as they are named, wherever the process stands", () => {
  vi.spyOn(process, "cwd").mockReturnValue("/elsewhere"); // what is no path must not be read as one from there
  expect(["mme:/data/MME", "row:siglip-l"].map(shownPlace)).toEqual(["mme:/data/MME", "row:siglip-l"]);
});
