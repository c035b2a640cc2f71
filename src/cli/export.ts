import * as fs from "node:fs";
import * as path from "node:path";
import { Option, type Command } from "commander";
import { LabError, required } from "../core/errors";
import { readText } from "../core/files";
import { exportTable } from "../report/table/export";
import { tableFromJson } from "../report/table/json";
import { toMarkdown } from "../report/table/markdown";
import { toText } from "../report/table/text";
import { exportModel } from "./exportModel";
import { addProfileOptions, type ProfileArguments } from "./options";

interface ExportArguments extends ProfileArguments {
  readonly out?: string;
  readonly method?: string;
  readonly print?: "text" | "markdown";
}

/** `fine-r1 export`: a table's files, or a checkpoint in the hub's layout. */
export function addExportCommand(program: Command): void {
  addProfileOptions(
    program
      .command("export")
      .description("write a trained model in the hub's layout, or a result table again as csv, json, md and tex")
      .argument("<what>", "an experiment (with --method), a checkpoint's folder, or a table's json file"),
  )
    .option("-m, --method <name>", "which of the experiment's methods")
    .option("-o, --out <folder>", "where to write")
    .addOption(
      new Option("--print <form>", "print a table instead of writing").choices(["text", "markdown"]).conflicts("out"),
    )
    .addHelpText(
      "after",
      `
  $ npx fine-r1 export quickstart --method tapo -o my-model       what it was trained on and what was measured go into its README.md
  $ npx fine-r1 export runs/store/sft-0123456789 -o my-model      any training stage, or checkpoint
  $ npx fine-r1 export results/quickstart/mini/table.json -o tables`,
    )
    .action(async (what: string, options: ExportArguments) => {
      if (!what.endsWith(".json")) await exportModel(what, required(options.out, noFolder), options);
      else exportTables(what, options);
    });
}

function noFolder(): LabError {
  return new LabError("is missing", "Say where the model goes: --out FOLDER", { subject: "--out" });
}

function exportTables(file: string, { out, print }: ExportArguments): void {
  if (!fs.existsSync(file)) throw new LabError("is not there", "Run the experiment first.", { subject: file });
  const table = tableFromJson(readText(file), file);
  if (out === undefined) console.log(print === "markdown" ? toMarkdown(table) : toText(table));
  else for (const written of exportTable(table, out, path.basename(file, ".json"))) console.log(written);
}
