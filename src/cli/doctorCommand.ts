import type { Command } from "commander";
import { ROOT } from "../config/load";
import { examine, formatExamination } from "./doctor";

/** `fine-r1 doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("print versions, engine, threads, GPU, and what is wrong; exits 1 if something is")
    .action(async () => {
      const examination = await examine(ROOT);
      console.log(formatExamination(examination));
      if (!examination.healthy) process.exitCode = 1;
    });
}
