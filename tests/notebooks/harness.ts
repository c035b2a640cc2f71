import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";

/** The project folder. */
export const ROOT = path.resolve(__dirname, "../..");

/** Where tests put notebooks: inside the project, so that a cell finds the packages and `../../dist`. */
const SCRATCH = path.join(ROOT, ".setup", "notebooks");

const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join(""))]);
const output = z.discriminatedUnion("output_type", [
  z.object({ output_type: z.literal("stream"), name: z.string(), text }),
  z.object({ output_type: z.literal("display_data"), data: z.record(z.string(), z.unknown()) }),
  z.object({ output_type: z.literal("execute_result"), data: z.record(z.string(), z.unknown()) }),
  z.object({ output_type: z.literal("error"), ename: z.string(), evalue: z.string() }),
]);
const notebook = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: text, outputs: z.array(output).default([]) })),
});

export type Output = z.infer<typeof output>;
export interface Cell {
  readonly cell_type: string;
  readonly source: string;
  readonly outputs: readonly Output[];
}

export interface Execution {
  readonly cells: readonly Cell[];
  /** What the kernel and nbconvert wrote to standard error. */
  readonly stderr: string;
}

/**
 * Executes a notebook headless (scripts/notebook.mjs, the command users have) and returns its cells with their outputs.
 * The notebook itself is not changed.
 * @param options.env variables for the kernel; @param options.timeout seconds a cell may take
 * @throws when a cell throws, and when something fails after its cell has ended
 */
export async function executeNotebook(
  file: string,
  options: { env?: Readonly<Record<string, string>>; timeout?: number } = {},
): Promise<Execution> {
  fs.mkdirSync(SCRATCH, { recursive: true });
  const folder = fs.mkdtempSync(path.join(SCRATCH, "out-"));
  const executed = path.join(folder, path.basename(file));
  try {
    const script = path.join(ROOT, "scripts", "notebook.mjs");
    const args = [script, file, executed, "--timeout", String(options.timeout ?? 300)];
    const { status, stderr } = await run(args, { ...process.env, ...options.env });
    if (status !== 0) throw new Error(`${file} failed (exit ${String(status)}):\n${stderr}`);
    return { ...notebook.parse(JSON.parse(fs.readFileSync(executed, "utf8"))), stderr };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a TypeScript notebook with these code cells into a folder of its own, hands it to `use`, and removes it. */
export async function withNotebook<T>(cells: readonly string[], use: (file: string) => Promise<T>): Promise<T> {
  fs.mkdirSync(SCRATCH, { recursive: true });
  const folder = fs.mkdtempSync(path.join(SCRATCH, "in-"));
  const file = path.join(folder, "cells.ipynb");
  const content = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "tslab", display_name: "TypeScript", language: "typescript" },
      language_info: { name: "typescript" },
    },
    cells: cells.map((source, index) => ({
      id: `cell-${index}`,
      cell_type: "code",
      metadata: {},
      execution_count: null,
      outputs: [],
      source,
    })),
  };
  try {
    fs.writeFileSync(file, JSON.stringify(content));
    return await use(file);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything a cell printed to one stream. */
export function printed(cell: Cell | undefined, name: "stdout" | "stderr" = "stdout"): string {
  const outputs = cell?.outputs ?? [];
  return outputs.map((item) => (item.output_type === "stream" && item.name === name ? item.text : "")).join("");
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (status) => {
      resolve({ status, stderr });
    });
  });
}
