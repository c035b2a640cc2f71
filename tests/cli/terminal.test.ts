import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { screen } from "../report/display/screen";
import { ROOT } from "./home";

/** As commands do it: in a worker thread, which leaves the main thread no time in between. */
const COMMAND = `
  const { bars, writeAtOnce } = require("./dist/cli/terminal.js");
  writeAtOnce();
  console.log("two stages are to be made");
  const sum = bars.sumUp("all stages", 2, () => undefined);
  for (const name of ["sft", "tapo"]) {
    const task = bars.start(name, 1);
    console.log("output meanwhile");
    console.error("error meanwhile");
    task.update(1);
    task.finish();
  }
  sum.finish();
  console.log("done");
`;
const seen = z.object({ code: z.literal(0), output: z.string() });

it("writes a command's words and bars in the order in which they come, and nothing twice", () => {
  const python = path.join(ROOT, ".venv", "bin", "python");
  const program = `new (require("node:worker_threads").Worker)(${JSON.stringify(COMMAND)}, { eval: true })`;
  // no file matches: Ctrl-C is not pressed
  const args = [path.join(__dirname, "terminal.py"), "no-file", "1", process.execPath, "-e", program];
  const { stdout } = spawnSync(python, args, { cwd: ROOT, encoding: "utf8", env: { ...process.env, TERM: "xterm" } });
  const shown = screen(seen.parse(JSON.parse(stdout)).output).map((line) => line.split(/ {2}/)[0]);
  expect(shown).toEqual([
    "two stages are to be made",
    ...["output meanwhile", "error meanwhile", "sft"],
    ...["output meanwhile", "error meanwhile", "tapo"],
    ...["all stages", "done", ""],
  ]);
});
