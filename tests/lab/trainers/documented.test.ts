import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { llamaFactoryKeys } from "../../../src/lab/trainers/llamafactory";
import { RELEASED_OBJECTIVE, releasedKeys } from "../../../src/lab/trainers/released";
import { VERL_OBJECTIVE, verlKeys } from "../../../src/lab/trainers/verl";

/** docs/trainers.md says of every option what each trainer makes of it, in the words of the sources. */
const page = fs.readFileSync(path.resolve(__dirname, "../../../docs/trainers.md"), "utf8");
const lines = page.split("\n").map((line) => line.replaceAll(/ +/gu, " ").replaceAll("`", ""));

const tos = (keys: object): [string, string][] =>
  Object.entries(keys as Record<string, { to: string }>).map(([key, { to }]) => [key, to]);

it.each(tos(llamaFactoryKeys(4)))("sft.%s", (key, to) => {
  expect(lines).toContain(`| sft.${key} | ${to} |`);
});

const verl = { ...Object.fromEntries(tos(verlKeys(1))), ...Object.fromEntries(tos(VERL_OBJECTIVE)) };
it.each([...tos(releasedKeys(1)), ...tos(RELEASED_OBJECTIVE)])("rl: %s", (key, to) => {
  const name = Object.hasOwn(RELEASED_OBJECTIVE, key) ? `rl.objective.${key}` : `rl.${key}`;
  expect(lines).toContain(`| ${name} | ${to} | ${verl[key] ?? ""} |`);
});
