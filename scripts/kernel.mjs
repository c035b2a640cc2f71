// The TypeScript kernel as Jupyter starts it: tslab in a process of its own, which the stop button reaches as a message.
// TensorFlow's products do not bear a signal in their midst (environment.md): one SIGINT in some thirty corrupted the heap.
import "./lib/node-version.cjs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { MODULES } from "./lib/places.mjs";

/** A cell that has not let a message through for so long is computing without pause: only a signal can stop it. */
const PATIENCE_MS = 5000;

const hook = join(import.meta.dirname, "lib", "interrupt.cjs");
const tslab = join(MODULES, "tslab", "bin", "tslab");
const kernel = spawn(process.execPath, ["--require", hook, tslab, ...process.argv.slice(2)], {
  stdio: ["ignore", "inherit", "inherit", "ipc"],
  detached: true, // Jupyter signals the whole process group, so the kernel stands in another one
});

process.on("SIGINT", () => {
  const impatient = setTimeout(() => kernel.kill("SIGINT"), PATIENCE_MS);
  kernel.once("message", () => clearTimeout(impatient));
  if (kernel.connected) kernel.send("interrupt");
});
process.on("SIGTERM", () => kernel.kill("SIGTERM"));
kernel.on("exit", (status) => process.exit(status ?? 1));
