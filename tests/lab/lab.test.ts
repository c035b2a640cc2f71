import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { openLab, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-lab-"));
  fs.cpSync("assets/smoke", folder, { recursive: true });
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const open = (): Lab => {
  const checkpoints = { base: path.join(folder, "base"), dualEncoder: path.join(folder, "siglip") };
  return openLab("test", { ...loadProfile("smoke"), ...checkpoints }, { progress: silent, folder });
};
const card = (): string => path.join(folder, "card.json");

describe("openLab", () => {
  it("takes a base as its card describes it, and anybody's without a card", () => {
    expect(open().world.name).toBe("mini-world/smoke");
    fs.appendFileSync(path.join(folder, "base", "model.safetensors"), "x");
    fs.rmSync(card());
    expect(open().world.name).toBe("mini-world/smoke");
  });

  it.each(["null", "{}", '{"world": {"name": "smoke"}}'])("does not take %s for a card", (content) => {
    fs.writeFileSync(card(), content);
    expect(open).toThrow(/card\.json: is no card of a base \((the whole file|key world)/);
  });

  it.each(["base", "siglip"])("refuses weights of %s that are not those of the card, to the bit", (name) => {
    const file = path.join(folder, name, "model.safetensors");
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    expect(open).toThrow(`${file}: is not the file that ${card()} describes: the hashes differ`);
  });
});
