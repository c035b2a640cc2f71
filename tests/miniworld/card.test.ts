import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config/load";
import { cardText, requireBaseFolder, sweepBaseFolder, type BaseCard } from "../../src/miniworld/base/card";
import { baseConfigSchema } from "../../src/miniworld/base/config";

const built = fs.readdirSync("assets").filter((name) => fs.existsSync(path.join("assets", name, "card.json")));

it.each(built)("the prose beside the base %s is its card's, and tells of encoders where there are some", (name) => {
  const at = (file: string): string => path.join("assets", name, file);
  const card = JSON.parse(fs.readFileSync(at("card.json"), "utf8")) as BaseCard;
  const text = cardText(card);
  expect(text).toBe(fs.readFileSync(at("README.md"), "utf8"));
  expect(/dual\s+encoders/u.test(text)).toBe(fs.existsSync(at("siglip")));
});

it("a build takes the place of another one, and of nothing else that has its names", () => {
  const config = loadConfig("configs/base/smoke.yaml", baseConfigSchema);
  const out = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-out-"));
  const put = (name: string): void => {
    fs.mkdirSync(path.dirname(path.join(out, name)), { recursive: true });
    fs.writeFileSync(path.join(out, name), "my own");
  };
  const check = (): void => {
    requireBaseFolder(out, config);
  };
  expect(check).not.toThrow(); // empty
  fs.cpSync("assets/smoke", out, { recursive: true });
  expect(check).not.toThrow();
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const own = [`base.old-${dead}/thesis.txt`, `thesis.old-${dead}/a`, `README.md.old-${dead}`, "thesis/a"];
  [...own, `siglip.tmp-${dead}/config.json`, `card.json.tmp-${dead}`].forEach(put);
  sweepBaseFolder(out);
  expect(fs.readdirSync(out).sort()).toEqual([...fs.readdirSync("assets/smoke"), ...own.map((name) => name.split("/")[0])].sort()); // prettier-ignore
  put("clip/notes.txt");
  expect(check).toThrow(/clip: holds "notes\.txt"/);
  fs.rmSync(path.join(out, "clip"), { recursive: true });
  put("README.md");
  expect(check).toThrow(/README\.md: is of no base build, and would be replaced\. Choose another folder with --out/);
  fs.rmSync(out, { recursive: true });
});
