import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { cardText, type BaseCard } from "../../src/miniworld/base/card";

const built = fs.readdirSync("assets").filter((name) => fs.existsSync(path.join("assets", name, "card.json")));

it.each(built)("the prose beside the base %s is its card's, and tells of encoders where there are some", (name) => {
  const at = (file: string): string => path.join("assets", name, file);
  const card = JSON.parse(fs.readFileSync(at("card.json"), "utf8")) as BaseCard;
  const text = cardText(card);
  expect(text).toBe(fs.readFileSync(at("README.md"), "utf8"));
  expect(/dual\s+encoders/u.test(text)).toBe(fs.existsSync(at("siglip")));
});
