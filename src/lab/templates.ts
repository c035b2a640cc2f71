import * as fs from "node:fs";
import { LabError } from "../core/errors";
import { readText } from "../core/files";

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
