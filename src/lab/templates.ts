import * as fs from "node:fs";
import { z } from "zod";
import { LabError } from "../core/errors";
import { readText } from "../core/files";
import { encoderTemplates } from "../data/prompts";
import type { Profile } from "./profile";
import type { Stage } from "./stage";

const REMEDY =
  "Write a sentence on each line, {class} where the class name belongs, such as `a photo of a {class}.`; `npx fine-r1 models templates` writes the 80 of ImageNet.";

/** The sentences of a file, one on each line, blank lines aside. @throws LabError naming the line that names no class */
export function readTemplates(file: string): [string, ...string[]] {
  if (!fs.existsSync(file)) throw new LabError("is not there", REMEDY, { subject: file });
  const lines = readText(file).split("\n").map((line) => line.trim()); // prettier-ignore
  const wrong = lines.findIndex((line) => line !== "" && !line.includes("{class}"));
  if (wrong >= 0) throw new LabError(`line ${wrong + 1} names no class`, REMEDY, { subject: file });
  const [first, ...others] = lines.filter((line) => line !== "");
  if (first === undefined) throw new LabError("has no sentence", REMEDY, { subject: file });
  return [first, ...others];
}

/** The sentences of an ensemble. Rows with those of a file that is not there can be described and shown, and not made (`absentTemplates`). */
export function templatesOf({
  templates: file,
  promptSet,
}: Pick<Profile, "templates" | "promptSet">): readonly [string, ...string[]] {
  if (file === undefined) return encoderTemplates(promptSet);
  return fs.existsSync(file) ? readTemplates(file) : [`${ABSENT}${file}${CLASS}`];
}

/** Around the name of a file, what stands for its sentences where it is not there. */
const [ABSENT, CLASS] = ["not there: ", ": {class}"];
const absentSchema = z.object({ templates: z.tuple([z.string().startsWith(ABSENT)]) });

/** The file whose sentences a stage was to be given, where it was not there. */
export function absentTemplates({ inputs }: Pick<Stage, "inputs">): string | undefined {
  const [told] = absentSchema.safeParse(inputs["strategy"]).data?.templates ?? [];
  return told?.slice(ABSENT.length, -CLASS.length);
}
