// The tensor engine: TensorFlow's C library under Node. The npm package's binding is compiled against the library of the
// Python wheel, because the library that its own installer downloads is from 2022 and not to be had everywhere.
import { existsSync, lstatSync, mkdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { BINDING, MODULES, compiledBinding, sitePackages } from "./places.mjs";
import { findCompiler, missingForCompiling } from "./prerequisites.mjs";
import { SetupError, ask, logged } from "./shell.mjs";
import { runStep } from "./steps.mjs";

const PREBUILT_LIMIT_MS = 240_000;

/** The names that the binding, its build file and its installer ask for → the library in the wheel. */
const LIBRARIES =
  process.platform === "darwin"
    ? {
        "libtensorflow.2.dylib": "libtensorflow_cc.2.dylib",
        "libtensorflow_framework.2.dylib": "libtensorflow_framework.2.dylib",
      }
    : {
        "libtensorflow.so": "libtensorflow_cc.so.2",
        "libtensorflow.so.2.9.1": "libtensorflow_cc.so.2",
        "libtensorflow_cc.so.2": "libtensorflow_cc.so.2",
        "libtensorflow_framework.so": "libtensorflow_framework.so.2",
        "libtensorflow_framework.so.2": "libtensorflow_framework.so.2",
      };

/**
 * Makes the best engine to be had here: compiled against the wheel, else the package's own prebuilt binary, else wasm.
 * @param npm the npm step's outcome; @param python the Python step's outcome
 * @returns in `kept`: `engine` ("compiled", "prebuilt" or "wasm") and the `reason` when it is not the first
 */
export function tensorEngine(npm, python) {
  return runStep({
    name: "engine",
    title: "TensorFlow engine for Node",
    // What is missing for a compiler is an input, too: once that is installed, the next set-up compiles.
    inputs: [npm.key, python.key, process.versions.napi, missingForCompiling() ?? ""],
    present: (kept) => enginePresent(kept.engine),
    work: async () => {
      const made = await compileOrFallBack(python.kept.cuda);
      linkTwin(made.engine);
      return made;
    },
  });
}

function enginePresent(engine) {
  if (!existsSync(join(MODULES, "@tensorflow", "tfjs-node", "package.json"))) return false;
  const library = join(BINDING, "deps", "lib", Object.keys(LIBRARIES)[0]);
  return engine === "wasm" || (compiledBinding() !== undefined && existsSync(library));
}

async function compileOrFallBack(cuda) {
  const missing = missingForCompiling();
  if (missing === undefined) {
    linkLibraries();
    await compile();
    await proveEngine();
    return { engine: "compiled" };
  }
  try {
    await installPrebuilt(cuda);
    await proveEngine();
    return { engine: "prebuilt", reason: missing };
  } catch {
    return { engine: "wasm", reason: missing };
  }
}

/** Links instead of copies: the library alone is 0.8 GB. */
function linkLibraries() {
  const wheel = join(sitePackages(), "tensorflow");
  const deps = join(BINDING, "deps");
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, "lib"), { recursive: true });
  symlinkSync(join(wheel, "include"), join(deps, "include"));
  for (const [name, library] of Object.entries(LIBRARIES)) symlinkSync(join(wheel, library), join(deps, "lib", name));
  // The CUDA wheel's library looks for CUDA in ../nvidia, seen from the folder of the link.
  const nvidia = join(sitePackages(), "nvidia");
  if (existsSync(nvidia)) symlinkSync(nvidia, join(deps, "nvidia"));
}

async function compile() {
  rmSync(join(BINDING, "lib"), { recursive: true, force: true });
  const nodePreGyp = join(MODULES, "@mapbox", "node-pre-gyp", "bin", "node-pre-gyp");
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const headers = existsSync(join(prefix, "include", "node", "node_api.h")) ? { npm_config_nodedir: prefix } : {};
  const gyp = nodeGyp();
  await logged("engine", process.execPath, [nodePreGyp, "install", "--build-from-source"], {
    cwd: BINDING,
    env: { CXX: findCompiler(), ...headers, ...(gyp === undefined ? {} : { npm_config_node_gyp: gyp }) },
  });
  if (compiledBinding() === undefined)
    throw new SetupError("The engine's build ended without a binding. See .setup/logs/engine.log.");
}

/** The node-gyp that npm carries; npm names itself when it starts a script. */
function nodeGyp() {
  const root = ask("npm", ["root", "--global"]);
  const homes = [
    process.env.npm_execpath === undefined ? undefined : dirname(dirname(realpathSync(process.env.npm_execpath))),
    root === undefined ? undefined : join(root, "npm"),
  ];
  return homes
    .filter((home) => home !== undefined)
    .map((home) => join(home, "node_modules", "node-gyp", "bin", "node-gyp.js"))
    .find((file) => existsSync(file));
}

async function installPrebuilt(cuda) {
  rmSync(join(BINDING, "lib"), { recursive: true, force: true });
  await logged("engine-prebuilt", process.execPath, ["scripts/install.js", cuda ? "gpu" : "cpu", "download"], {
    cwd: BINDING,
    env: { PATH: `${join(MODULES, ".bin")}:${process.env.PATH}` },
    timeout: PREBUILT_LIMIT_MS,
  });
}

/** One product, computed by the new binding in a process of its own. */
async function proveEngine() {
  const program =
    `const tf = require("@tensorflow/tfjs-node-gpu");` +
    `const y = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];` +
    `if (y !== 11 || tf.getBackend() !== "tensorflow") throw new Error("matMul gave " + y + " on " + tf.getBackend());`;
  await logged("engine-proof", process.execPath, ["-e", program]);
}

/**
 * danfojs imports @tensorflow/tfjs-node: it gets the same module as we do, so that a process holds one engine; without a
 * native engine it gets the plain JavaScript package, which has the same interface.
 */
function linkTwin(engine) {
  const twin = join(MODULES, "@tensorflow", "tfjs-node");
  if (lstatSync(twin, { throwIfNoEntry: false }) !== undefined) rmSync(twin, { recursive: true, force: true });
  symlinkSync(engine === "wasm" ? "tfjs" : "tfjs-node-gpu", twin);
}
