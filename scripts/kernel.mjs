// The TypeScript kernel as Jupyter starts it: tslab in a process of its own, which the stop button reaches as a message.
// TensorFlow's products do not bear a signal in their midst (environment.md): one SIGINT in some thirty corrupted the heap.
import "./lib/node-version.cjs";
import { spawn } from "node:child_process";
import { setInterval } from "node:timers";
import { join } from "node:path";

/** A cell that has not let a message through for so long is computing without pause: only a signal can stop it. */
const PATIENCE_MS = 5000;
const LOOK_FOR_PARENT_MS = 500;

const args = process.argv.slice(2);
const kernel = spawn(process.execPath, [join(import.meta.dirname, "lib", "tslab.cjs"), ...args], {
  stdio: ["ignore", "inherit", "inherit", "ipc", "pipe"], // the pipe says nothing: its end tells the kernel that we are gone
  detached: true, // Jupyter signals the whole process group, so the kernel stands in another one
});

process.on("SIGINT", () => {
  const impatient = setTimeout(() => kernel.kill("SIGINT"), PATIENCE_MS);
  kernel.once("message", () => clearTimeout(impatient));
  if (kernel.connected) kernel.send("interrupt", () => {}); // one that is ending does not hear it
});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => kernel.kill("SIGKILL"));

// A server that is killed tells nobody; its kernels are then some other process's children.
const server = process.ppid;
setInterval(() => {
  if (process.ppid !== server) kernel.kill("SIGKILL");
}, LOOK_FOR_PARENT_MS);

kernel.on("exit", (status) => process.exit(status ?? 1));
