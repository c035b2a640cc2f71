import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../config/load";
import { LabError, messageOf } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import { readTemplates } from "../lab/templates";

const execute = promisify(execFile);

/**
 * Writes the 80 ImageNet templates of CLIP into .setup/templates: they are read from the package open-clip-torch, which is fetched for it into a
 * Python environment of its own. @returns the file, and how many sentences it has
 */
export async function fetchTemplates(): Promise<{ readonly file: string; readonly count: number }> {
  const environment = path.join(ROOT, ".setup", "open-clip");
  const script = (name: string): string => path.join(ROOT, "scripts", name);
  const file = path.join(ROOT, ".setup", "templates", "imagenet.txt");
  try {
    // without what the package asks for: it is read as a file, and nothing of it runs but that
    if (!fs.existsSync(path.join(environment, "done"))) {
      await execute(process.execPath, [script("venv.mjs"), environment, `no-deps:${script("open-clip.txt")}`]);
      fs.writeFileSync(path.join(environment, "done"), "");
    }
    const { stdout } = await execute(path.join(environment, "bin", "python"), [script("imagenet_templates.py")]);
    writeFileAtomic(file, stdout);
  } catch (error) {
    const remedy = "Check that python3 with venv is installed and that PyPI can be reached, or write the sentences into a file yourself (docs/models.md)."; // prettier-ignore
    throw new LabError(`the templates could not be fetched (${messageOf(error).slice(-600)})`, remedy, {
      cause: error,
    });
  }
  return { file, count: readTemplates(file).length };
}
