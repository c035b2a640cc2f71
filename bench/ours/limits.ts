/** Measures what this machine can do in one process with one thread (bench/lib/limits.ts), and writes it as JSON. */
import { loadBackend } from "../../src/core/backend";
import { runMain } from "../lib/options";
import { measureLimits } from "../lib/limits";

runMain(async () => {
  await loadBackend();
  process.stdout.write(JSON.stringify(measureLimits()));
});
