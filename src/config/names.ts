import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { didYouMean } from "../core/similar";
import { ROOT } from "./load";
import { requireSlug } from "./slug";

/** The folders of configs/, and what a file of each is called. */
const KINDS = { profiles: "profile", worlds: "world", base: "base config", models: "model" } as const;

/** The file configs/<kind>/<name>.yaml. @throws LabError with the names that there are */
export function configFile(kind: keyof typeof KINDS, name: string): string {
  requireSlug(name, `a ${KINDS[kind]}`);
  const files = configFiles(kind);
  const known = files.map((file) => path.basename(file, ".yaml"));
  const found = files[known.indexOf(name)];
  if (found !== undefined) return found;
  throw new LabError(
    `there is no ${KINDS[kind]} "${name}"`,
    `${didYouMean(name, known)}Choose one of: ${known.join(", ")}.`,
  );
}

/** All files of configs/<kind>, in the order of their names. */
export function configFiles(kind: keyof typeof KINDS): string[] {
  const folder = path.join(ROOT, "configs", kind);
  const files = fs.readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const names = files.map((file) => path.basename(file, ".yaml")).sort(); // "smoke" before "smoke-qwen2"
  return names.map((name) => path.join(folder, `${name}.yaml`));
}
