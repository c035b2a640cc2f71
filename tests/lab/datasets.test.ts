import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/lab/datasets";

describe("openDataset", () => {
  it("opens a mini-world by the name of its config, once per process", async () => {
    const world = await openDataset("miniworld:smoke");
    expect(world.name).toBe("mini-world/smoke");
    expect(world.teacher).toBeDefined();
    expect(await openDataset("miniworld:smoke")).toBe(world);
  });

  it.each([
    ["miniwrld:test", /names no dataset\. Did you mean "miniworld:test"\?/],
    ["miniworld", /Did you mean "miniworld:…"\?/],
    ["toString:x", /names no dataset\. Give miniworld:NAME/],
    ["miniworld:tset", /there is no world "tset"\. Did you mean "test"\?/],
    ["miniworld:../x", /cannot be the name of a world/],
  ])("refuses %s", async (spec, message) => {
    await expect(openDataset(spec)).rejects.toThrow(message);
    await expect(openDataset(spec), "a failure is not kept").rejects.toThrow(message);
  });
});
