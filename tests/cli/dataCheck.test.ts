import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { folderOf, several, temporaryFolder } from "../data/folderFixture";

/** Runs the compiled command line (`npm test` compiles first). */
function data(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/cli.js", "data", ...args], { encoding: "utf8" });
  return { status, stdout, stderr: stderr.trim().split("\n").at(-1) ?? "" };
} // prettier-ignore

describe("data check", () => {
  it("ends with 0 where every picture is whole, and with 1 where one is broken, naming it", async () => {
    const root = await folderOf({ ...several(["a", "b"], 3, "train/"), ...several(["a", "b"], 2, "test/"), "notes.txt": "x" }); // prettier-ignore
    const whole = data("check", root);
    expect(whole.status).toBe(0);
    expect(whole.stdout).toMatch(/^train +2 +6 +0$/mu);
    expect(whole.stdout).toMatch(/^test +2 +4 +0$/mu);
    expect(whole.stdout).toContain("1 other files are no pictures and were passed over.");
    expect(whole.stdout).toContain("Same pictures: none.");
    fs.copyFileSync(path.join(root, "train/a/1.png"), path.join(root, "test/b/9.png"));
    fs.writeFileSync(path.join(root, "train/b/torn.png"), fs.readFileSync(path.join(root, "train/b/1.png")).subarray(0, 50)); // prettier-ignore
    const broken = data("check", root);
    expect([broken.status, broken.stderr]).toEqual([1, "fine-r1: 1 of 12 pictures are broken. Get them again, or remove them."]); // prettier-ignore
    expect(broken.stdout).toMatch(/Broken: train\/b\/torn\.png: the image cannot be read/);
    expect(broken.stdout).toContain("2 in 1 groups, 1 of these with pictures for training and for testing");
    expect(broken.stdout).toContain("train/test  test/b/9.png, train/a/1.png");
    const json = data("check", root, "--json");
    const found = z.looseObject({ broken: z.array(z.looseObject({ id: z.string() })), exact: z.array(z.unknown()) }).parse(JSON.parse(json.stdout)); // prettier-ignore
    expect([json.status, found.broken.map(({ id }) => id), found.exact.length]).toEqual([1, ["train/b/torn.png"], 1]);
  });

  it("looks at datasets of any kind, and refuses what is none or holds no picture", async () => {
    const root = await folderOf(several(["a", "b", "c"], 6));
    expect(data("check", `folder:${root}`).stdout).toMatch(/^train +2 +8 +0$/mu);
    expect(data("check", "miniworld:smoke").stdout).toMatch(/^train +10 +40 +0$/mu);
    expect(data("check", temporaryFolder()).stderr).toMatch(/holds no picture\. Give a folder with PNG, JPEG/);
    expect(data("check", "foler:x").stderr).toMatch(/Did you mean "folder:x"/);
    expect(data("check", "").stderr).toBe('fine-r1: "": is no folder. Give a folder\'s path, or . for this one.');
    const telephone = await folderOf({ "a/IMG_1.HEIC": "x" });
    expect(data("check", telephone).stdout).toMatch(
      /Broken: a\/IMG_1\.HEIC: a format that is not read: convert it to JPEG/,
    );
  });

  it("reads released lines without their pictures, and says so", async () => {
    const line = (picture: string, options: readonly string[]): string =>
      `${JSON.stringify({ image_path: `birds/${picture}.jpg`, question: "What is it?", options, ground_truth: options[0] })}\n`; // prettier-ignore
    const lines = Array.from({ length: 40 }, (_, i) => line(String(i), ["Tern", "Gull", "Auk", "Owl"])).join("");
    const folder = await folderOf({ "bird_seen.jsonl": lines, "bird_unseen.jsonl": line("x", ["Crow", "Carrion Crow", "Jay", "Kite"]) }); // prettier-ignore
    const whole = data("check", "--released", folder);
    expect(whole.status).toBe(0);
    // set, split, items, classes, malformed, truth missing, truth inside another, offered twice, pictures repeated, first as released
    expect(whole.stdout).toMatch(/^bird +seen +40 +1 +0 +0 +0 +0 +0 +100\.0 /mu);
    expect(whole.stdout).toMatch(/^bird +unseen +1 +1 +0 +0 +1 +0 +0 +100\.0 /mu);
    expect(whole.stdout).toContain("whether the pictures that they name are there was not looked at");
    fs.appendFileSync(path.join(folder, "bird_unseen.jsonl"), "{torn\n");
    const torn = data("check", "--released", folder);
    expect([torn.status, torn.stderr]).toEqual([1, "fine-r1: 1 lines are malformed, 0 do not offer the right answer. Get the files again from the release, or remove what is wrong."]); // prettier-ignore
    expect(torn.stdout).toMatch(/Malformed: bird_unseen\.jsonl, line 2: .*JSON/);
    const json = z.looseObject({ files: z.array(z.looseObject({ items: z.number(), malformed: z.array(z.unknown()) })) }).parse(JSON.parse(data("check", "--released", folder, "--json").stdout)); // prettier-ignore
    const empty = await folderOf({ "bird_seen.jsonl": lines, "bird_unseen.jsonl": line("3", ["Tern", "Gull", "Auk", "Owl"]), "car_seen.jsonl": "" }); // prettier-ignore
    const lacking = data("check", "--released", empty);
    expect([lacking.status, lacking.stderr]).toEqual([1, "fine-r1: no line stands in car_seen.jsonl. Get the files again from the release, or remove what is wrong."]); // prettier-ignore
    expect(lacking.stdout).toContain("Pictures asked about as seen and as unseen in bird: birds/3.jpg.");
    expect(json.files.map(({ items, malformed }) => [items, malformed.length])).toEqual([[40, 0], [1, 1]]); // prettier-ignore
  });

  it("shows and checks a general benchmark", async () => {
    const root = await folderOf({ "color/1.png": null, "color/1.txt": "Is it red?\tYes\nIs it blue?\tNo\n", "OCR/2.txt": "torn\n" }); // prettier-ignore
    const shown = data("show", `mme:${root}`);
    expect(shown.stdout).toMatch(/^color +2 +1$/mu);
    expect(shown.stdout).toContain("2 questions about 1 pictures can be asked; 1 lines or files cannot be used.");
    expect(shown.stdout).toContain("Not used: OCR/2.txt: its picture is not there");
    const checked = data("check", `mme:${root}`);
    expect([checked.status, /^test +1 +2 +1$/mu.test(checked.stdout)]).toEqual([1, true]);
    expect(checked.stdout).toContain("Broken: OCR/2.txt: its picture is not there");
  });
});
