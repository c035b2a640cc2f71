#!/usr/bin/env node
import "../scripts/lib/node-version.cjs"; // before anything that another Node could not load
import { Command } from "commander";
import { addAskCommand } from "./cli/ask";
import { addBaseCommand } from "./cli/base";
import { addBrowseCommand } from "./cli/browse";
import { addDoctorCommand } from "./cli/doctorCommand";
import { addExportCommand } from "./cli/export";
import { addParityCommand } from "./cli/parity";
import { addRunCommand } from "./cli/run";
import { addSeedsCommand } from "./cli/seeds";
import { LabError } from "./core/errors";

const program = new Command("fine-r1")
  .description(
    "Fine-R1, reproduced: chain-of-thought SFT, TAPO and their analysis, from the terminal or from notebooks.",
  )
  .addHelpText(
    "after",
    `
Start here
  $ npm start                               the main job: CoT SFT → TAPO → evaluation, one table
  $ npm run lab                             the same, step by step, in JupyterLab
  $ npx fine-r1 doctor                      is this installation in order?
  $ npx fine-r1 parity objective FILE       does it compute what the released code computes?

Results lie in results/<experiment>/<profile>, work that can be resumed in runs/; the environment variables
FINE_R1_RESULTS and FINE_R1_RUNS name other folders for them.`,
  )
  .showHelpAfterError("(add --help for what this command takes)");

addRunCommand(program);
addSeedsCommand(program);
addAskCommand(program);
addBrowseCommand(program);
addBaseCommand(program);
addParityCommand(program);
addExportCommand(program);
addDoctorCommand(program);

program.parseAsync().catch((error: unknown) => {
  if (error instanceof LabError) console.error(`fine-r1: ${error.message}`);
  else console.error(error);
  process.exitCode = 1;
});
