import "./keepLoaded";
import { inspect } from "node:util";
import { Command } from "commander";
import { addAskCommand } from "./ask";
import { addBaseCommand } from "./base";
import { addBrowseCommand } from "./browse";
import { addDataCommand } from "./data";
import { addDoctorCommand } from "./doctorCommand";
import { addExportCommand } from "./export";
import { addMetricsCommand } from "./metrics";
import { addModelsCommand } from "./models";
import { addParityCommand } from "./parity";
import { addPlanCommand } from "./plan";
import { addRayCommand } from "./ray";
import { addReportCommand } from "./report";
import { addRunCommand } from "./run";
import { addCompareCommand } from "./compare";
import { addScoreCommand } from "./score";
import { addScorecardCommand } from "./scorecard";
import { addStageCommand } from "./stage";
import { addShowCommands } from "./show";
import { INTERRUPTED, stoppedMessage } from "./stop";
import { writeAtOnce } from "./terminal";
import { addTrainerCommand } from "./trainer";
import { addVerifyCommand } from "./verify";
import { LabError } from "../core/errors";
import { holdNotes } from "../core/notes";
import { printable } from "../core/printable";
import { ownVersion } from "../store/facts";

const program = new Command("fine-r1")
  .description(
    "A laboratory for Fine-R1: chain-of-thought SFT, TAPO and their analysis, from the terminal or from notebooks.",
  )
  .addHelpText(
    "after",
    `
Start here
  $ npm start                               the main job: CoT SFT → TAPO → evaluation, one table
  $ npm run lab                             the same, step by step, in JupyterLab
  $ npm run report                          everything recorded, as pages for the browser
  $ npx fine-r1 doctor                      is this installation in order?
  $ npx fine-r1 parity objective FILE       does it compute what the released code computes?

Tables and figures of a run lie in runs/<experiment>/<profile>, all that it trained and asked in runs/store; what was recorded
lies in results/. The environment variables FINE_R1_RUNS and FINE_R1_RESULTS name other folders for them.`,
  )
  .version(ownVersion(), "-V, --version", "print the version")
  .showHelpAfterError("(add --help for what this command takes)");

addRunCommand(program);
addShowCommands(program);
addPlanCommand(program);
addScoreCommand(program);
addScorecardCommand(program);
addStageCommand(program);
addCompareCommand(program);
addVerifyCommand(program);
addAskCommand(program);
addBrowseCommand(program);
addReportCommand(program);
addDataCommand(program);
addBaseCommand(program);
addModelsCommand(program);
addTrainerCommand(program);
addRayCommand(program);
addParityCommand(program);
addExportCommand(program);
addMetricsCommand(program);
addDoctorCommand(program);

writeAtOnce();
const sayNotes = holdNotes();
program
  .parseAsync()
  .catch((error: unknown) => {
    const stopped = stoppedMessage(error, process.argv.slice(2));
    console.error(stopped ?? (error instanceof LabError ? `fine-r1: ${error.message}` : printable(inspect(error))));
    process.exitCode = stopped === undefined ? 1 : INTERRUPTED;
  })
  .finally(sayNotes);
