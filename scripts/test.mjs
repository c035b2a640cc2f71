// npm test: set-up where needed, then types, lint, format and the whole suite; `npm test -- tests/core` narrows the suite.
import "./lib/node-version.cjs";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MODULES, ROOT, SETUP } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

const RESULTS = join(SETUP, "test-results.json");
const tool = (...parts) => join(MODULES, ...parts);
const CHECKS = [
  ["types", tool("typescript", "bin", "tsc"), ["-p", "tsconfig.json", "--noEmit"]],
  ["lint", tool("eslint", "bin", "eslint.js"), ["."]],
  ["format", tool("prettier", "bin", "prettier.cjs"), ["--check", "--log-level=warn", "."]],
  [
    "tests",
    tool("vitest", "vitest.mjs"),
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS}`, ...process.argv.slice(2)],
  ],
];

await main(async () => {
  await setUp();
  rmSync(RESULTS, { force: true });
  const outcome = [];
  for (const [name, script, args] of CHECKS) {
    console.log(`\n── ${name}`);
    const began = Date.now();
    const status = await interactive(process.execPath, [script, ...args], { cwd: ROOT });
    outcome.push({ name, status, seconds: (Date.now() - began) / 1000 });
  }
  console.log("\n── summary");
  for (const { name, status, seconds } of outcome) {
    console.log(`  ${status === 0 ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds.toFixed(1)} s`);
  }
  console.log(counts());
  return outcome.every(({ status }) => status === 0) ? 0 : 1;
});

/** The suite's own count; a suite that wrote none has run nothing. */
function counts() {
  if (!existsSync(RESULTS)) return "0 passed, 0 failed, 0 skipped";
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(RESULTS, "utf8"));
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests + numTodoTests} skipped`;
}
