// The tensor engine: TensorFlow's C library under Node. The npm package's binding is compiled against the library of the
// Python wheel, because the library that its own installer downloads is from 2022 and not to be had everywhere.
import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cacheSizeDefinitions } from "./cacheSizes.mjs";
import { BINDING, MODULES, ROOT, compiledBinding, sitePackages } from "./places.mjs";
import { findCompiler, missingForCompiling } from "./prerequisites.mjs";
import { logged } from "./shell.mjs";
import { hashOfFile, runStep } from "./steps.mjs";

const PREBUILT_LIMIT_MS = 240_000;
/** Compiled into the binding, so that products are the same on every processor. */
const PORTABLE = join(ROOT, "scripts", "native", "portable.cc");

/** TensorFlow's C library and what it needs of it, as the wheel calls them. */
const LIBRARIES =
  process.platform === "darwin"
    ? ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"]
    : ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

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
    inputs: [npm.key, python.key, process.versions.napi, missingForCompiling() ?? "", hashOfFile(PORTABLE)],
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
  if (engine === "wasm") return true;
  const linked = engine === "prebuilt" || LIBRARIES.every((name) => existsSync(join(BINDING, "deps", "lib", name)));
  const findsCuda = engine === "prebuilt" || !existsSync(cusolver()) || existsSync(join(BINDING, "deps", "tensorrt"));
  return linked && findsCuda && compiledBinding() !== undefined;
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
  for (const name of LIBRARIES) symlinkSync(join(wheel, name), join(deps, "lib", name));
  // The CUDA wheel's library looks for CUDA in ../nvidia, seen from the folder of the link.
  const nvidia = join(sitePackages(), "nvidia");
  if (!existsSync(nvidia)) return;
  symlinkSync(nvidia, join(deps, "nvidia"));
  // That library opens cuSOLVER too, but its search path lacks the folder, and without cuSOLVER it passes every card over.
  // It does look in ../tensorrt, which is not installed.
  symlinkSync(cusolver(), join(deps, "tensorrt"));
}

function cusolver() {
  return join(sitePackages(), "nvidia", "cusolver", "lib");
}

/**
 * Three source files and one call of the compiler. node-gyp would do the same by way of make, which cannot build in a path
 * with a space, and would download Node's headers from another host than the packages'.
 */
async function compile() {
  rmSync(join(BINDING, "lib"), { recursive: true, force: true });
  const target = bindingFile();
  mkdirSync(dirname(target), { recursive: true });
  const napi = /napi-v(\d+)/.exec(target)[1];
  const library = join(BINDING, "deps", "lib");
  const [origin, ...shared] =
    process.platform === "darwin"
      ? ["@loader_path", "-bundle", "-undefined", "dynamic_lookup"]
      : ["$ORIGIN", "-shared"];
  await logged("engine", findCompiler(), [
    ...["-std=gnu++17", "-O3", "-fPIC", "-pthread", ...shared, `-DNAPI_VERSION=${napi}`],
    ...["-DNODE_GYP_MODULE_NAME=tfjs_binding", "-DBUILDING_NODE_EXTENSION"],
    ...[join(MODULES, "node-api-headers", "include"), join(sitePackages(), "tensorflow", "include")].map(
      (folder) => `-I${folder}`,
    ),
    ...cacheSizeDefinitions(join(library, LIBRARIES[0])).map((definition) => `-D${definition}`),
    ...[...["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(BINDING, "binding", file)), PORTABLE],
    ...LIBRARIES.map((name) => join(library, name)),
    `-Wl,-rpath,${origin}/../../deps/lib`,
    ...["-o", target],
  ]);
}

/** Where the package will look for its binding. */
function bindingFile() {
  const manifest = join(BINDING, "package.json");
  return createRequire(manifest)("@mapbox/node-pre-gyp").find(manifest);
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
