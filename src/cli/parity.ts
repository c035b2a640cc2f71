import { Argument, type Command } from "commander";
import { loadBackend } from "../core/backend";
import {
  formatParity,
  parityEvaluation,
  parityImageProcessor,
  parityModel,
  parityObjective,
  parityReward,
  type ParityRow,
} from "../verify/parity";

const CHECKS: Readonly<Record<string, (path: string) => ParityRow[] | Promise<ParityRow[]>>> = {
  objective: parityObjective,
  reward: parityReward,
  evaluation: parityEvaluation,
  model: parityModel,
  "image-processor": parityImageProcessor,
};

/** `fine-r1 parity <kind> <path>`. */
export function addParityCommand(program: Command): void {
  program
    .command("parity")
    .description("check this installation against reference numbers; exits 1 beyond a tolerance")
    .addArgument(new Argument("<kind>", "what is compared").choices(Object.keys(CHECKS)))
    .argument("<path>", "a reference file (objective, reward, evaluation) or folder (model, image-processor)")
    .addHelpText(
      "after",
      `
Any file or folder of the reference's form will do: make your own with other sizes and check those, too.

  $ npx fine-r1 parity objective tests/reference/golden/tapo_objective.json
  $ npx fine-r1 parity model tests/reference/golden/qwen2_5_vl_tiny`,
    )
    .action(async (kind: string, path: string) => {
      await loadBackend();
      const rows = (await CHECKS[kind]?.(path)) ?? [];
      console.log(formatParity(rows));
      if (rows.some((row) => !row.pass)) process.exitCode = 1;
    });
}
