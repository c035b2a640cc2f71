// npm test: set-up where needed, then types, lint, format and the whole suite; `npm test -- tests/core` narrows the suite.
import "./lib/node-version.cjs";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { MODULES, ROOT, SETUP } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

const RESULTS = join(SETUP, "test-results.json");
const tool = (...parts) => join(MODULES, ...parts);
const READING = [
  ["types", tool("typescript", "bin", "tsc"), ["-p", "tsconfig.json", "--noEmit"]],
  ["lint", tool("eslint", "bin", "eslint.js"), ["."]],
  ["format", tool("prettier", "bin", "prettier.cjs"), ["--check", "--log-level=warn", "."]],
];
const SUITE = [
  "tests",
  tool("vitest", "vitest.mjs"),
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`, ...process.argv.slice(2)],
];

await main(async () => {
  await setUp();
  rmSync(RESULTS, { force: true });
  console.log(`\n── ${READING.map(([name]) => name).join(", ")}`);
  const outcome = await Promise.all(READING.map(check));
  console.log("\n── tests");
  outcome.push(await check(SUITE));
  console.log("\n── summary");
  for (const { name, status, seconds } of outcome) {
    console.log(`  ${status === 0 ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.toFixed(1)} s`);
  }
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : undefined;
  for (const line of failures(results)) console.log(line);
  console.log(counts(results));
  return outcome.every(({ status }) => status === 0) ? 0 : 1;
});

async function check([name, script, args]) {
  const began = Date.now();
  const status = await interactive(process.execPath, [script, ...args], { cwd: ROOT });
  return { name, status, seconds: (Date.now() - began) / 1000 };
}

/** Each test that failed, and each file that could not be read: its name, and how what it said begins. */
function failures(results) {
  return (results?.testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === "failed");
    const told = failed.map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages[0]}`);
    if (told.length === 0 && message) told.push(message);
    return told.map((text) => `  FAILED ${relative(ROOT, name)} ${beginning(text)}`);
  });
}

/** At most ten lines, without the stack. */
function beginning(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !/^\s+at /.test(line));
  return lines
    .slice(0, 10)
    .map((line) => line.slice(0, 300))
    .join("\n    ");
}

/** The suite's own count; a suite that wrote none has run nothing. */
function counts(results) {
  if (results === undefined) return "0 passed, 0 failed, 0 skipped";
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = results;
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`;
}
