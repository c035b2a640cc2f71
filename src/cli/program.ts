import "./keepLoaded";
import { Command } from "commander";
import { addAskCommand } from "./ask";
import { addBaseCommand } from "./base";
import { addBrowseCommand } from "./browse";
import { addDoctorCommand } from "./doctorCommand";
import { addExportCommand } from "./export";
import { addParityCommand } from "./parity";
import { addRunCommand } from "./run";
import { addSeedsCommand } from "./seeds";
import { INTERRUPTED, stoppedMessage } from "./stop";
import { LabError } from "../core/errors";

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
  const stopped = stoppedMessage(error, process.argv.slice(2));
  console.error(stopped ?? (error instanceof LabError ? `fine-r1: ${error.message}` : error));
  process.exitCode = stopped === undefined ? 1 : INTERRUPTED;
});
