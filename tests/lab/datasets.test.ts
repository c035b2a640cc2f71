import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/lab/datasets";
import { folderOf, several } from "../data/folderFixture";

describe("openDataset", () => {
  it("opens a mini-world by the name of its config, once per process", async () => {
    const world = await openDataset("miniworld:smoke");
    expect(world.name).toBe("mini-world/smoke");
    expect(world.teacher).toBeDefined();
    expect(await openDataset("miniworld:smoke")).toBe(world);
  });

  it("opens a folder of pictures, with options behind its path", async () => {
    const root = await folderOf(several(["a", "b", "c"], 6));
    const dataset = await openDataset(`folder:${root}?shots=2&superCategory=letter&testPerClass=1`);
    expect([dataset.train.length, dataset.test("unseen").length]).toEqual([2 * 2, 1]);
    expect(dataset.subCategories[0]?.id).toBe("letter/a");
    expect(await openDataset(`folder:${root}`)).not.toBe(dataset);
    const { fingerprint } = await openDataset(`folder:${root}`);
    fs.copyFileSync(path.join(root, "a", "1.png"), path.join(root, "a", "7.png"));
    expect((await openDataset(`folder:${root}`)).fingerprint).toBe(fingerprint);
    const fresh = await openDataset(`folder:${root}`, { fresh: true });
    expect(fresh.fingerprint).not.toBe(fingerprint);
    expect(await openDataset(`folder:${root}`)).toBe(fresh);
    await expect(openDataset(`folder:${root}?shot=2`)).rejects.toThrow(/unknown option shot \(did you mean shots\?\)/);
  });

  it.each([
    ["miniwrld:test", /names no dataset\. Did you mean "miniworld:test"\?/],
    ["miniworld", /Did you mean "miniworld:…"\?/],
    ["toString:x", /names no dataset\. Give miniworld:NAME/],
    ["folder:", /names no folder\. Give folder:PATH/],
    ["folder:/no/such/place", /^\/no\/such\/place: there is no such folder/],
    ["floder:/home/me/mushrooms", /Did you mean "folder:\/home\/me\/mushrooms"\?/],
    ["miniworld:tset", /there is no world "tset"\. Did you mean "test"\?/],
    ["miniworld:../x", /cannot be the name of a world/],
  ])("refuses %s", async (spec, message) => {
    await expect(openDataset(spec)).rejects.toThrow(message);
    await expect(openDataset(spec), "a failure is not kept").rejects.toThrow(message);
  });
});
