import * as fs from "node:fs";
import { afterAll, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { Random } from "../../src/core/random";
import { fileParsers } from "./fileParsers";
import { report } from "./figures";
import { mutated } from "./mutate";
import { newHome } from "./runs";
import { SEED } from "./seed";
import { textParsers, type Parser } from "./textParsers";

/** Spoilt inputs for every reader: each gives a value or an error of ours, and soon. */
const LONGEST_MS = 2000;

const scratch = newHome("fuzz");
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

const parsers = [...textParsers(), ...fileParsers(scratch)];
let total = 0;
let slowest = { name: "", milliseconds: 0 };

it.each(parsers.map((parser) => [parser.name, parser] as const))("%s", async (_name, parser) => {
  const random = new Random(`fuzz ${SEED}`).fork(parser.name);
  const tally = { values: 0, errors: 0 };
  for (let i = 0; i < parser.count; i++) await tryInput(parser, mutated(parser.corpus, random), tally);
  expect(tally.values, "at least some inputs are good").toBeGreaterThan(0);
  total += parser.count;
  report("fuzz", `${parser.count} ${parser.name}`, `${tally.values} values, ${tally.errors} clear errors`);
});

it("is done with a hundred thousand of them", () => {
  expect(total).toBeGreaterThanOrEqual(100_000);
  report("fuzz", `${total} inputs in all`, `slowest ${Math.ceil(slowest.milliseconds)} ms (${slowest.name})`);
});

async function tryInput(parser: Parser, text: string, tally: { values: number; errors: number }): Promise<void> {
  const began = performance.now();
  try {
    await parser.read(text);
    tally.values++;
  } catch (error) {
    if (!(error instanceof LabError)) {
      const what = error instanceof Error ? (error.stack ?? "") : String(error);
      expect.fail(`${parser.name} on ${JSON.stringify(text.slice(0, 500))} (${text.length} characters):\n${what}`);
    }
    tally.errors++;
  }
  const milliseconds = performance.now() - began;
  expect(milliseconds, `${parser.name} on ${JSON.stringify(text.slice(0, 500))}`).toBeLessThan(LONGEST_MS);
  if (milliseconds > slowest.milliseconds) slowest = { name: parser.name, milliseconds };
}
