import type { Command } from "commander";
import { placeOf } from "../config/places";
import { waysTo } from "../lab/modelCommands";
import { isEncoderRow, loadModelConfig, memoryOf, modelConfigs, whereRow, type ModelConfig } from "../lab/modelConfig";
import { pairTable } from "../report/steps";
import { numberColumn, resultTable, textColumn } from "../report/table/table";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import { fetchTemplates } from "./templates";

/** `fine-r1 models`. */
export function addModelsCommand(program: Command): void {
  const models = program
    .command("models")
    .description("the published models of Tables 1, 2 and 6: each a row that can be asked (docs/models.md)")
    .action(() => {
      console.log(list(modelConfigs()));
    });
  models
    .command("show")
    .description("one of them: what it takes, and the commands to get, serve and ask it")
    .argument("<name>", "a file of configs/models")
    .action((name: string) => {
      console.log(about(loadModelConfig(name)));
    });
  models
    .command("templates")
    .description("the 80 sentences of ImageNet for an ensemble of templates, from the package open-clip-torch")
    .action(async () => {
      console.log("Reading the package open-clip-torch; the first time it is fetched (2 MB) …");
      const { file, count } = await fetchTemplates();
      const run = commandLine("run", "inference", "--set", `templates=${placeOf(file)}`);
      console.log(`${count} templates are in ${placeOf(file)}. To ask the encoders with all of them:\n  ${run}`);
    });
}

function list(configs: readonly ModelConfig[]): string {
  const table = resultTable({
    caption: "Published models (configs/models)",
    columns: [
      textColumn("name", "Name"),
      textColumn("title", "Row"),
      textColumn("hub", "On the hub"),
      textColumn("engines", "Run by"),
      numberColumn("gib", "Weights, GiB", { digits: 1 }),
      textColumn("asked", "Asked"),
      textColumn("here", "Here"),
    ],
    rows: configs.map((config) => ({
      ...{ name: config.name, title: config.title, hub: config.hub, engines: config.engines.join(", ") },
      ...{ gib: memoryOf(config).gib, asked: asked(config), here: here(config) ?? "–" },
    })),
  });
  const run = commandLine("run", "closed-world", "--profile", "paper", "--rows", "siglip-l");
  return `\n${toText(table)}\n\nHow to get one: ${commandLine("models", "show", "siglip-l")}\nA row is one command: ${run}`;
}

function asked(config: ModelConfig): string {
  return isEncoderRow(config) ? "to choose" : config.prompt.thinking ? "to think" : "directly";
}

function here(config: ModelConfig): string | undefined {
  const at = whereRow(config);
  return at === undefined ? undefined : /^[a-z]+:/u.test(at) && !at.startsWith("onnx:") ? at : placeOf(at.replace(/^onnx:/u, "")); // prettier-ignore
}

function about(config: ModelConfig): string {
  const { name, title, hub, revision, prompt, licence, note } = config;
  const { wording, system, image } = prompt;
  const style = [
    asked(config),
    ...(wording === undefined ? [] : [`in the wording ${wording}`]),
    ...(image === undefined ? [] : [`its picture ${image}`]),
    ...(system === undefined ? [] : [`after the system turn “${system}”`]),
  ];
  const room = isEncoderRow(config) ? "" : "; what it keeps of running prompts comes on top";
  const table = pairTable(
    `${title} (${name})`,
    ["Key", "Value"],
    [
      ["on the hub", hub],
      ["revision", revision],
      ["weights", `${memoryOf(config).words}${room}`],
      ["asked", style.join(", ")],
      ["licence", licence],
      ...(note === undefined ? [] : [["note", note] as [string, string]]),
      ["here", here(config) ?? "no"],
    ],
  );
  const ways = waysTo(config).map(
    ({ title: way, commands }) => `${way}:\n${commands.map((one) => `  ${one}`).join("\n")}`,
  );
  const experiments = isEncoderRow(config) ? ["closed-world"] : ["closed-world", "open-world", "general"];
  const runs = experiments.map((id) => `  ${commandLine("run", id, "--profile", "paper", "--rows", name)}`);
  return `\n${toText(table)}\n\n${[...ways, `Then ask it:\n${runs.join("\n")}`].join("\n\n")}`;
}
