import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { SEED } from "./seed";

/** Every figure of the storm, collected over its processes and printed as one table at the end. */
const PLACE = "FINE_R1_STORM_FIGURES";

interface Figure {
  readonly part: string;
  readonly what: string;
  readonly value: string;
}

/** Adds a line to the table. */
export function report(part: string, what: string, value: string | number): void {
  const figure: Figure = { part, what, value: String(value) };
  const file = process.env[PLACE];
  if (file !== undefined) fs.appendFileSync(file, `${JSON.stringify(figure)}\n`);
}

/** Vitest calls this before the first file, and what it returns after the last one. */
export default function setup(): () => void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-figures-"));
  const file = path.join(folder, "figures.jsonl");
  process.env[PLACE] = file;
  const began = performance.now();
  return () => {
    const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
    const figures = lines.map((line) => JSON.parse(line) as Figure).sort((a, b) => (a.part < b.part ? -1 : 1));
    const rows = figures.map(({ part, what, value }) => `| ${part} | ${what} | ${value} |`);
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    const head = `The storm, seed ${SEED}, ${minutes} minutes on ${os.availableParallelism()} cores\n`;
    console.log([head, "| part | what was done | outcome |", "| --- | --- | --- |", ...rows].join("\n"));
    fs.rmSync(folder, { recursive: true, force: true });
  };
}
