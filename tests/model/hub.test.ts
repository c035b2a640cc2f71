import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../src/core/files";
import { withSafetensors, writeSafetensors } from "../../src/core/safetensors";
import { writeHubFolder } from "../../src/model/qwen/hub";
import { temporaryFolder } from "../data/folderFixture";

/** A copy of the shipped base. */
function base(change: (folder: string) => void): string {
  const folder = path.join(temporaryFolder(), "base");
  fs.cpSync("assets/smoke/base", folder, { recursive: true });
  change(folder);
  return folder;
}

describe("a folder for the hub", () => {
  it("has what the checkpoint has, and the card", async () => {
    const to = path.join(temporaryFolder(), "to");
    await writeHubFolder("assets/smoke/base", to, "A card.");
    expect(fs.readFileSync(path.join(to, "README.md"), "utf8")).toBe("A card.");
    const weights = (folder: string): Buffer => fs.readFileSync(path.join(folder, "model.safetensors"));
    expect(weights(to).equals(weights("assets/smoke/base"))).toBe(true);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    ["a weight that is NaN", ruin, /model\.safetensors: tensor "model\.norm\.weight" holds NaN at place 3/],
    ["a malformed template", template("{% for %}"), /chat_template\.jinja: the chat template cannot be used/],
    ["a template without pictures", template("bird"), /the prompt marks 0 images and brings 1/],
    [
      "another image token than its tokenizer's",
      (folder) => {
        const file = path.join(folder, "config.json");
        writeJson(file, { ...(readJson(file) as object), image_token_id: 1e9 });
      },
      /the image token is 1000000000 in config\.json and 5 in the tokenizer/,
    ],
  ])("is not made of a checkpoint with %s", async (_, change, reason) => {
    const to = path.join(temporaryFolder(), "to");
    await expect(writeHubFolder(base(change), to, "A card.")).rejects.toThrow(reason);
    expect(fs.existsSync(to)).toBe(false);
  });
});

function template(text: string): (folder: string) => void {
  return (folder) => {
    fs.writeFileSync(path.join(folder, "chat_template.jinja"), text);
  };
}

function ruin(folder: string): void {
  const file = path.join(folder, "model.safetensors");
  const tensors = withSafetensors(file, (opened) =>
    [...opened.tensors].map(([name, { shape }]) => ({ name, shape, data: opened.readFloat32(name) })),
  );
  const norm = tensors.find(({ name }) => name === "model.norm.weight");
  if (norm !== undefined) norm.data[3] = NaN;
  writeSafetensors(file, tensors);
}
