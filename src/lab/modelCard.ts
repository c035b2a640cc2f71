import * as path from "node:path";
import { z } from "zod";
import { placeOf } from "../config/places";
import { select, type Measurement } from "../eval/measurements";
import type { QwenConfig } from "../model/qwen/config";
import { memoryNeed } from "../model/qwen/memory";
import { escapeMarkdown, toMarkdown } from "../report/table/markdown";
import { numberColumn, resultTable, textColumn, type ResultTable } from "../report/table/table";
import { ownVersion } from "../store/facts";
import { readRecord, type StageRecord } from "../store/record";
import { keyOf } from "../store/key";
import { folderName } from "../store/store";
import { givenSchema, refSchema, stageRefSchema } from "./stage";

/** What a card tells besides what stands in the checkpoint's config and in the store. */
export interface CardFacts {
  /** The heading: the folder's name, or what its owner calls it. */
  readonly name: string;
  readonly config: QwenConfig;
  /** The words of a question that it was taught to answer, for the snippet. */
  readonly question: string;
  /** Whether it knows the words of a mini-world only. */
  readonly mini: boolean;
  /** The stages that made it, the first one first; none where it was not trained here, or that is not known. */
  readonly stages: readonly StageRecord[];
  /** Of this checkpoint alone. */
  readonly measurements: readonly Measurement[];
}

/**
 * The stages that led to a training stage's checkpoint, the first one first, by the records in its store.
 * @param folder the stage's own; a folder without a record has no history
 */
export function stagesBehind(folder: string): StageRecord[] {
  const record = readRecord(folder);
  if (record === undefined) return [];
  const inputs = typeof record.inputs === "object" && record.inputs !== null && !Array.isArray(record.inputs) ? record.inputs : {}; // prettier-ignore
  const before = Object.values(inputs).flatMap((input) => {
    const ref = stageRefSchema.safeParse(input);
    if (!ref.success) return [];
    return stagesBehind(path.join(path.dirname(folder), folderName(ref.data.stage, ref.data.key)));
  });
  const known = new Map([...before, record].map((one) => [keyOf(one), one]));
  return [...known.values()];
}

const questionsSchema = z.object({ thinking: z.boolean().optional(), examples: z.unknown().optional() });

/** Whether the last of some stages trained on questions that ask for reasoning before the answer: chains of thought, or stage 2's. */
export function taughtToThink(stages: readonly StageRecord[]): boolean {
  const { thinking, examples } = questionsSchema.safeParse(stages.at(-1)?.inputs).data ?? {};
  return thinking ?? stageRefSchema.safeParse(examples).success;
}

/** README.md beside a checkpoint, as the hub shows it: what it is, how to load it, how it was made, what was measured, its limits. */
export function modelCard(facts: CardFacts): string {
  const { name, config, stages, measurements } = facts;
  const { parameters } = memoryNeed(config);
  const kind = config.kind === "qwen2_vl" ? "Qwen2-VL" : "Qwen2.5-VL";
  const { hiddenSize, layers, vocabSize } = config.text;
  const size = `${parameters.toLocaleString("en")} weights, hidden width ${hiddenSize}, ${layers} layers, ${vocabSize.toLocaleString("en")} tokens`;
  const parts = [
    frontMatter(config),
    `# ${escapeMarkdown(name)}`,
    `A ${kind} (${size}), written by fine-r1-lab ${ownVersion()}, which reproduces Fine-R1 (CoT SFT, then TAPO) for fine-grained recognition.`,
    "## Use",
    `\`\`\`python\n${snippet(facts.question)}\`\`\``,
    "## How it was made",
    stages.length === 0 ? "No record of its training lies beside it." : toMarkdown(stageTable(stages)),
    ...stages.map(details),
    "## What was measured",
    measurements.length === 0 ? "Nothing is recorded of this checkpoint." : toMarkdown(measurementTable(measurements)),
    "## Limits",
    limits(facts).map((line) => `- ${line}`).join("\n"), // prettier-ignore
  ];
  return `${parts.map((part) => part.trimEnd()).join("\n\n")}\n`;
}

function frontMatter({ kind }: QwenConfig): string {
  return [
    "---",
    "license: other # fill in: what the base's and the pictures' owners allow (an identifier of the hub, such as apache-2.0)",
    "library_name: transformers",
    "pipeline_tag: image-text-to-text",
    `tags: [fine-grained-recognition, ${kind}, fine-r1-lab]`,
    "---",
  ].join("\n");
}

/** Loads the folder that it stands in and asks about a picture. A test runs it. */
function snippet(question: string): string {
  return `import sys
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

folder, picture = sys.argv[1:]  # this folder or its name on the hub, and a picture
processor = AutoProcessor.from_pretrained(folder)
model = AutoModelForImageTextToText.from_pretrained(folder, dtype="float32")

question = ${JSON.stringify(question)}
messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}]
text = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
inputs = processor(text=[text], images=[Image.open(picture).convert("RGB")], return_tensors="pt")
tokens = model.generate(**inputs, max_new_tokens=256, do_sample=False)
print(processor.batch_decode(tokens[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)[0])
`;
}

function stageTable(stages: readonly StageRecord[]): ResultTable {
  return resultTable({
    caption: "Stages, the first one first",
    columns: [
      textColumn("stage", "Stage"),
      textColumn("on", "Works on"),
      numberColumn("seconds", "Seconds", { digits: 0 }),
      textColumn("key", "Key"),
    ],
    rows: stages.map((stage) => ({
      stage: `${TITLES[stage.kind] ?? stage.kind}, version ${stage.version}`,
      on: worksOn(stage).join(", "),
      seconds: stage.seconds,
      key: keyOf(stage).slice(0, 10),
    })),
  });
}

const TITLES: Readonly<Record<string, string>> = {
  cot: "Chains of thought, curated (§4.2)",
  triplets: "Triplets of pictures (§4.3)",
  sft: "Supervised fine-tuning (stage 1, §4.2)",
  rl: "Reinforcement learning (stage 2, §4.3)",
  shares: "Each term's share of the gradient",
};

/** What stands in a stage's inputs from outside the store, and which earlier stages do. Folders by their names alone. */
function worksOn({ inputs }: StageRecord): string[] {
  return Object.entries(inputs ?? {}).flatMap(([name, input]) => {
    const ref = refSchema.safeParse(input);
    if (!ref.success) return [];
    const given = givenSchema.safeParse(ref.data);
    if (!given.success) return "stage" in ref.data ? [`${name}: ${ref.data.stage} ${ref.data.key.slice(0, 10)}`] : [];
    return [`${name}: ${withoutPlace(given.data.at)} (${given.data.fingerprint.slice(0, 10)})`];
  });
}

/** A place as others may read it: in the project as it is, elsewhere without the folders above, of a server without its address. */
function withoutPlace(at: string): string {
  const model = /^served:[^#]*#(.*)$/su.exec(at)?.[1];
  if (model !== undefined) return `served:${model}`;
  const [, kinds = "", where = at, options = ""] = /^((?:\w+:)*)([^?]*)(.*)$/su.exec(at) ?? [];
  return kinds + withoutFolders(where) + options.replaceAll(/(?<==)[^&]*/gu, withoutFolders);
}

function withoutFolders(where: string): string {
  if (!path.isAbsolute(where)) return where;
  const place = placeOf(where);
  return path.isAbsolute(place) ? path.basename(place) : place;
}

/** A stage's inputs in full, folded away. */
function details({ kind, inputs }: StageRecord): string {
  const shown = JSON.stringify(inputs, (name, value: unknown) => (name === "at" && typeof value === "string" ? withoutPlace(value) : value), 1); // prettier-ignore
  return `<details><summary>Inputs of ${kind}</summary>\n\n\`\`\`json\n${shown}\n\`\`\`\n\n</details>`;
}

/** What a reader of a card asks first; an experiment's own folder has the rest. */
const HEADLINES = ["accuracy", "choice", "exact", "similarity"];

/** Means over super-categories, a row for each way of asking and metric. */
function measurementTable(measurements: readonly Measurement[]): ResultTable {
  const means = measurements.filter(({ domain, metric }) => domain === "mean" && HEADLINES.includes(metric));
  const shown = means.length > 0 ? means : measurements;
  const cells = (setting: string, metric: string, split: Measurement["split"]) => {
    const [found] = select(shown, { setting, metric, split });
    return found === undefined ? {} : { [split]: { value: found.value, low: found.low, high: found.high } };
  };
  const kinds = new Map(shown.map(({ setting, metric }) => [`${setting} ${metric}`, { setting, metric }]));
  return resultTable({
    caption: `On ${[...new Set(shown.map(({ dataset }) => dataset))].join(", ")}; with 95 % intervals over items`,
    columns: [
      textColumn("setting", "Setting"),
      textColumn("metric", "Metric"),
      numberColumn("seen", "Seen classes"),
      numberColumn("unseen", "Unseen classes"),
    ],
    rows: [...kinds.values()].map(({ setting, metric }) => ({
      ...{ setting, metric, ...cells(setting, metric, "seen"), ...cells(setting, metric, "unseen") },
    })),
  });
}

function limits({ mini, measurements, stages }: CardFacts): string[] {
  return [
    ...(mini
      ? [
          "It knows the words and the drawn pictures of one made-up world. About real photographs it says nothing of use.",
        ]
      : [
          "Its base and the pictures that it was trained on have licences and biases of their own; they pass on to it.",
        ]),
    "It names classes; it was not trained to refuse, and answers for a picture of anything.",
    ...(stages.length === 0
      ? ["How it was trained is not known here."]
      : ["Its weights are float32, as they were trained."]),
    measurements.length === 0
      ? "Nothing is known of how well it does. Measure it before you rely on it."
      : "What was measured holds for the test questions of the dataset above and for one seed of training; no other use was looked at.",
  ];
}
