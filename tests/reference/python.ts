import * as path from "node:path";
import { PythonEnvironment } from "../pythonEnvironment";

/** PyTorch and transformers. */
export const reference = new PythonEnvironment({
  folder: "reference-venv",
  requirements: [path.join(__dirname, "requirements.txt")],
});

/**
 * Runs a script of this folder in the reference environment, which is made on first use (a few minutes, once).
 * @returns what it printed
 * @throws LabError with the end of its error output
 */
export function runReference(script: string, args: readonly string[]): Promise<string> {
  return reference.run(path.join(__dirname, script), args);
}

/** Makes the reference environment in `.setup/reference-venv`, unless it is there for these requirements. */
export const ensureReference = (): Promise<void> => reference.ensure();
