import { spawn } from "node:child_process";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { ROOT } from "./harness";

/** A cell to run, and when to press the stop button: as soon as the files of that pattern have so many lines. */
export interface SessionCell {
  readonly code: string;
  readonly interrupt?: { readonly file: string; readonly lines: number };
}

const outcomes = z.array(z.object({ status: z.string(), text: z.string(), seconds: z.number() }));
export type Outcome = z.infer<typeof outcomes>[number];

/** Runs cells in one kernel, as JupyterLab does in the notebooks folder. @returns status and printed text of each */
export async function session(
  cells: readonly SessionCell[],
  variables: Readonly<Record<string, string>>,
): Promise<Outcome[]> {
  const places = pathToFileURL(path.join(ROOT, "scripts", "lib", "places.mjs")).href;
  const { PYTHON, projectEnvironment } = (await import(places)) as {
    PYTHON: string;
    projectEnvironment: (base: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
  };
  const script = path.join(__dirname, "kernel_session.py");
  const env = projectEnvironment({ ...process.env, ...variables });
  const child = spawn(PYTHON, [script, path.join(ROOT, "notebooks")], { env });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdin.end(JSON.stringify(cells));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`the session ended with ${String(code)}:\n${errors}`);
  return outcomes.parse(JSON.parse(out));
}
