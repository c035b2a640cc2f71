// Where things lie. Set-up writes into these places only, all of them inside the project folder.
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { keptVariables } from "./environment.mjs";

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const MODULES = join(ROOT, "node_modules");
export const SETUP = join(ROOT, ".setup");
export const LOGS = join(SETUP, "logs");
export const VENV = join(ROOT, ".venv");
export const PYTHON = join(VENV, "bin", "python");
export const BINDING = join(MODULES, "@tensorflow", "tfjs-node-gpu");
export const KERNEL = join(VENV, "share", "jupyter", "kernels", "tslab", "kernel.json");

/** The site-packages folder of .venv, or undefined while there is none. */
export function sitePackages() {
  const lib = join(VENV, "lib");
  const version = existsSync(lib) ? readdirSync(lib).find((name) => name.startsWith("python3")) : undefined;
  return version === undefined ? undefined : join(lib, version, "site-packages");
}

/** The binding compiled for this Node's N-API level, or undefined. */
export function compiledBinding() {
  const lib = join(BINDING, "lib");
  const folders = existsSync(lib) ? readdirSync(lib) : [];
  return folders.map((name) => join(lib, name, "tfjs_binding.node")).find((file) => existsSync(file));
}

/**
 * The environment of every program we start: Jupyter and IPython keep their settings and sessions in .setup, not in the
 * home folder, and `node` means the Node that runs now. Of the user's settings of Python, pip, npm and
 * Node only those remain that say how registries are reached.
 */
export function projectEnvironment(base = process.env) {
  const jupyter = join(SETUP, "jupyter");
  return {
    ...keptVariables(base),
    PATH: pathWithThisNode(base.PATH ?? ""),
    PYTHONNOUSERSITE: "1",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_REQUIRE_VIRTUALENV: "1",
    IPYTHONDIR: join(SETUP, "ipython"),
    JUPYTER_CONFIG_DIR: join(jupyter, "config"),
    JUPYTER_DATA_DIR: join(jupyter, "data"),
    JUPYTER_RUNTIME_DIR: join(jupyter, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(jupyter, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(jupyter, "workspaces"),
    JUPYTER_PREFER_ENV_PATH: "1",
  };
}

/** Puts this Node's folder in front where the PATH means another one; where it does not, the PATH stays as it is. */
function pathWithThisNode(path) {
  const first = path
    .split(":")
    .map((folder) => join(folder, "node"))
    .find((file) => existsSync(file));
  const same = first !== undefined && realpathSync(first) === realpathSync(process.execPath);
  return same ? path : `${dirname(process.execPath)}:${path}`;
}
