// The set-up as a whole. Every other script calls it first; when nothing changed it takes well under a second.
import { tensorEngine } from "./binding.mjs";
import { compiledSources } from "./compile.mjs";
import { jupyterKernel } from "./kernel.mjs";
import { withLock } from "./lock.mjs";
import { npmPackages, pythonPackages } from "./packages.mjs";
import { requirePlatform } from "./prerequisites.mjs";
import { ensureUv } from "./uv.mjs";

/** Brings everything to the state that the lock files and sources describe, doing only what is not done yet. */
export async function setUp() {
  requirePlatform();
  return withLock(async () => {
    console.log("Set-up (only inside this folder; logs in .setup/logs)");
    const began = Date.now();
    const npm = await npmPackages();
    const uv = await ensureUv();
    const python = await pythonPackages();
    const engine = await tensorEngine(npm, python);
    const kernel = await jupyterKernel();
    const build = await compiledSources();
    const ran = [npm, uv, python, engine, kernel, build].some((step) => step.ran);
    console.log(ran ? `  ready after ${((Date.now() - began) / 1000).toFixed(0)} s` : "  everything is in place");
    explainEngine(engine.kept);
  });
}

/** Says plainly what a machine without a compiler gets. */
function explainEngine({ engine, reason }) {
  if (engine === "compiled") return;
  console.log(
    engine === "prebuilt"
      ? `  Note: the engine is the package's prebuilt binary (TensorFlow 2.9), because ${reason}`
      : `  Note: no native engine, because ${reason}\n` +
          "  The wasm engine is used: it runs inference and small demos; TRAINING NEEDS THE NATIVE ENGINE.",
  );
}
