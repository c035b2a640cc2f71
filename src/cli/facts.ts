import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";

/** The trimmed standard output of a short command, or `undefined` when it cannot run or fails. */
export function outputOf(command: string, args: readonly string[]): string | undefined {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 20_000 });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** The installed version of an npm package, from its own package.json. */
export function npmVersion(root: string, name: string): string | undefined {
  return versionIn(path.join(root, "node_modules", name, "package.json"));
}

/**
 * The installed version of a Python package of .venv, from the name of its metadata folder: starting Python to ask takes
 * seconds.
 * @param name as in the metadata: lower case, underscores
 */
export function pythonVersion(root: string, name: string): string | undefined {
  const site = sitePackages(root);
  for (const entry of site === undefined ? [] : fs.readdirSync(site)) {
    const [, found, version] = /^(.+)-([^-]+)\.dist-info$/.exec(entry) ?? [];
    if (found?.toLowerCase() === name) return version;
  }
  return undefined;
}

function sitePackages(root: string): string | undefined {
  const lib = path.join(root, ".venv", "lib");
  if (!fs.existsSync(lib)) return undefined;
  const folders = fs.readdirSync(lib).map((name) => path.join(lib, name, "site-packages"));
  return folders.find((folder) => fs.existsSync(folder));
}

function versionIn(file: string): string | undefined {
  if (!fs.existsSync(file)) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return undefined; // half installed is not installed
  }
  const version = typeof content === "object" && content !== null && "version" in content ? content.version : undefined;
  return typeof version === "string" ? version : undefined;
}

/** The folders under `assets` that hold a whole model: config and weights, neither of them empty. */
export function modelFolders(root: string): string[] {
  const assets = path.join(root, "assets");
  if (!fs.existsSync(assets)) return [];
  const files = fs.readdirSync(assets, { recursive: true, withFileTypes: true });
  const filled = (file: string): boolean => (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  return files
    .filter((entry) => entry.isFile() && /^model\.safetensors(\.index\.json)?$/u.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((weights) => filled(weights) && filled(path.join(path.dirname(weights), "config.json")))
    .map((weights) => path.dirname(weights))
    .map((folder) => path.relative(root, folder))
    .sort();
}
