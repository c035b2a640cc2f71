// src/**/*.ts → dist, whenever a source changed.
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MODULES, ROOT } from "./places.mjs";
import { hashOfFile, runStep } from "./steps.mjs";
import { logged } from "./shell.mjs";

const DIST = join(ROOT, "dist");

/** Compiles the library and the command line. */
export function compiledSources() {
  const sources = filesUnder(join(ROOT, "src")).filter((file) => file.endsWith(".ts") || file.endsWith(".json"));
  const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"];
  return runStep({
    name: "build",
    title: "TypeScript → dist (npm run build)",
    inputs: [...sources.map((file) => join("src", file)), ...settings].map((file) => [
      file,
      hashOfFile(join(ROOT, file)),
    ]),
    present: ({ products = [] }) => products.length > 0 && products.every((file) => existsSync(join(DIST, file))),
    work: async () => {
      removeOrphans(new Set(sources.map(output)));
      // The compiler's memory of an earlier run would keep it from writing files that were deleted since.
      rmSync(join(DIST, ".tsbuildinfo"), { force: true });
      await logged("build", process.execPath, [join(MODULES, "typescript", "bin", "tsc"), "-p", "tsconfig.build.json"]);
      const cli = join(DIST, "cli.js");
      if (existsSync(cli)) chmodSync(cli, 0o755);
      // What there is now, not what there might be: a declaration (.d.ts), for one, has no product.
      return { products: sources.map(output).filter((file) => existsSync(join(DIST, file))) };
    },
  });
}

/** Where a source's product would lie in dist. */
const output = (source) => source.replace(/\.ts$/, ".js");

/** Deletes compiled files whose source is gone, so that nothing imports them by mistake. */
function removeOrphans(expected) {
  if (!existsSync(DIST)) return;
  for (const file of filesUnder(DIST)) {
    if (file.endsWith(".js") && !expected.has(file)) {
      for (const end of [".js", ".d.ts"]) rmSync(join(DIST, file.replace(/\.js$/, end)), { force: true });
    }
  }
}

/** Paths relative to the folder, sorted. */
function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
