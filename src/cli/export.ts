import * as fs from "node:fs";
import * as path from "node:path";
import { Option, type Command } from "commander";
import { LabError } from "../core/errors";
import { readText } from "../core/files";
import { exportTable } from "../report/table/export";
import { tableFromJson } from "../report/table/json";
import { toMarkdown } from "../report/table/markdown";
import { toText } from "../report/table/text";

/** `fine-r1 export`. */
export function addExportCommand(program: Command): void {
  program
    .command("export")
    .description("write a result table (its .json) again as csv, json, md and tex, or print it")
    .argument("<table>", "a table's json file, such as results/quickstart/mini/table.json")
    .option("-o, --out <folder>", "where to write the four files")
    .addOption(new Option("--print <form>", "print instead of writing").choices(["text", "markdown"]))
    .action((file: string, options: { out?: string; print?: "text" | "markdown" }) => {
      if (!fs.existsSync(file)) throw new LabError("is not there", "Run the experiment first.", { subject: file });
      const table = tableFromJson(readText(file), file);
      if (options.out === undefined) console.log(options.print === "markdown" ? toMarkdown(table) : toText(table));
      else for (const written of exportTable(table, options.out, path.basename(file, ".json"))) console.log(written);
    });
}
