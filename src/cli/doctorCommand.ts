import type { Command } from "commander";
import { ROOT } from "../config/load";
import { LabError } from "../core/errors";
import { formatDigest, numericsDigest } from "../verify/numerics/digest";
import { numericsRemark, recordNumerics } from "../verify/numerics/record";
import { examine, formatExamination } from "./doctor";

/** `fine-r1 doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("print versions, engine, threads, GPU, and what is wrong; exits 1 if something is")
    .option("--numerics", "print one line: a digest of this machine's arithmetic; the same line means the same tables")
    .option("--record", "with --numerics: keep it in results/ as the one that others are compared with")
    .action(async ({ numerics, record }: { readonly numerics?: boolean; readonly record?: boolean }) => {
      if (numerics === true) return showNumerics(record === true);
      if (record === true)
        throw new LabError("keeps the line of --numerics", "Add --numerics, or leave it out.", { subject: "--record" });
      const examination = await examine(ROOT);
      console.log(formatExamination(examination));
      if (!examination.healthy) process.exitCode = 1;
    });
}

async function showNumerics(record: boolean): Promise<void> {
  console.log(formatDigest(await numericsDigest()));
  if (record) console.error(`Recorded in ${await recordNumerics()}`);
  const remark = await numericsRemark();
  if (remark !== undefined) console.error(remark);
}
