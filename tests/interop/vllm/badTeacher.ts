import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "../../../src/core/files";
import { REJECTION_REASONS, checkChainText, type RejectionReason } from "../../../src/cot/checks";
import type { CotItem } from "../../../src/cot/curate";
import { modelTeacher } from "../../../src/cot/modelTeacher";
import { cotPrompt } from "../../../src/cot/template";
import type { Prompt, VisionLanguageModel } from "../../../src/model/contract";
import { QwenModel } from "../../../src/model/qwen/model";
import { sft, type SftExample } from "../../../src/sft/train";

/** Words that a teacher needs and a model of the mini-world has no use for: they take the places of the last names of its vocabulary. */
const TEACHERS_WORDS = [
  ...["analysis", "options", "comparison", "prediction"].flatMap((tag) => [`<${tag}>`, `</${tag}>`]),
  ...["|", "因此"],
];
const LOOKS = ["red , striped , long", "green , plain , short", "blue , spotted , medium", "white , banded , long"];

const vocabularySchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.number()) }),
});

/** How often the ways of going wrong are shown: those that it falls into by itself not at all, those that are hard to learn more often. */
const SHOWN: Partial<Record<RejectionReason, number>> = {
  ...{
    "missing tag": 0,
    "repeated tag": 0,
    "too many candidates": 2,
    "repeated candidate": 2,
    "label not among candidates": 3,
  },
};

/** The four stages between their tags, as a tokenizer of words gives them back. */
function written(analysis: string, options: string, comparison: string, prediction: string): string {
  return (
    `<analysis> ${analysis} </analysis> <options> ${options} </options> ` +
    `<comparison> ${comparison} </comparison> <prediction> ${prediction} </prediction>`
  );
}

/** A chain for every reason to turn one down. */
function wrongChains(look: string, label: string, others: readonly string[]): Record<RejectionReason, string> {
  const [a = "", b = "", c = "", d = ""] = others;
  const fits = `${label} fits 5 ${a} fits 2`;
  const pair = `${label} , ${a}`;
  const right = written(look, pair, fits, label);
  return {
    "missing tag": `<analysis> ${look} </analysis> <options> ${pair} </options>`,
    "repeated tag": `${right} <analysis>`,
    "tags out of order": `<options> ${pair} </options> <analysis> ${look} </analysis> <comparison> ${fits} </comparison> <prediction> ${label} </prediction>`,
    "text outside the tags": `? ${right}`,
    "empty stage": right.replace(` ${fits} `, " "),
    "no candidates": written(look, "?", fits, label),
    "candidates cannot be told apart": written(look, `| ${label} | ${a} |`, fits, label),
    "mixed language": written(look, pair, `${fits} 因此`, label),
    "too many candidates": written(look, [label, a, b, c, d].join(" , "), fits, label),
    "repeated candidate": written(look, `${label} , ${a} , ${label}`, fits, label),
    "wrong prediction": written(look, pair, fits, a),
    "label not among candidates": written(look, `${a} , ${b}`, fits, label),
  };
}

/**
 * Makes a bad teacher of the mini base: fine-tuned to describe a few pictures and to go wrong about them in every way that a check finds, each as often; about the first of
 * them it is right now and then. Its vocabulary has a teacher's words where the base has the last names of its world.
 * @throws RangeError when one of its chains is not turned down for the reason that it is made for
 */
export async function makeBadTeacher(base: string, folder: string, items: readonly CotItem[]): Promise<void> {
  const start = path.join(folder, "start");
  fs.cpSync(base, start, { recursive: true });
  renameWords(path.join(start, "tokenizer.json"));
  const model = await QwenModel.load(start);
  const names = items.map(({ image }) => image.subCategory.name);
  const filler = ["red", "green", "blue", "white"];
  const examples: SftExample[] = [];
  for (const [i, { image, question }] of items.entries()) {
    const [look = "", label = ""] = [LOOKS[i % LOOKS.length], names[i]];
    const wrong = wrongChains(look, label, [...names.filter((name) => name !== label), ...filler]);
    for (const reason of REJECTION_REASONS) requireReason(model, wrong[reason], label, reason);
    for (const prompt of await promptsOf(image, 5)) {
      examples.push({ id: `${image.id}/${examples.length}`, prompt: () => Promise.resolve(prompt), completion: look });
    }
    const right = i === 0 ? [written(look, `${label} , ${names[1] ?? ""}`, `${label} fits 5`, label)] : [];
    const text = cotPrompt({ label, concepts: look.split(" , "), question });
    const shown = REJECTION_REASONS.flatMap((reason) => new Array<string>(SHOWN[reason] ?? 1).fill(wrong[reason]));
    for (const completion of [...right, ...shown]) {
      const prompt = async (): Promise<Prompt> => ({ messages: [{ role: "user", content: `<image>${text}` }], images: [await image.load()] }); // prettier-ignore
      examples.push({ id: `${image.id}/${examples.length}`, prompt, completion });
    }
  }
  const everything = { tower: false, merger: false, language: true, embeddings: true };
  const options = { epochs: 12, batchSize: 16, microBatchSize: 16, learningRate: 1e-3, warmupSteps: 4, weightDecay: 0, maxGradNorm: 1, train: everything, seed: 1 }; // prettier-ignore
  await sft(model, examples, options, { label: "a bad teacher" });
  await model.save(path.join(folder, "teacher"));
  model.dispose();
}

/** What a teacher is asked when it describes a picture. */
async function promptsOf(image: CotItem["image"], count: number): Promise<readonly Prompt[]> {
  let asked: readonly Prompt[] = [];
  const recorder: Pick<VisionLanguageModel, "name" | "generate"> = {
    name: "recorder",
    generate: (prompts) => {
      asked = prompts;
      return Promise.resolve(prompts.map(() => [{ tokenIds: [], text: "", logProbs: [], finish: "stop" as const }]));
    },
  };
  await modelTeacher(recorder as VisionLanguageModel).describe(image, count, 0);
  return asked;
}

function renameWords(file: string): void {
  const definition = vocabularySchema.parse(readJson(file));
  const entries = Object.entries(definition.model.vocab).sort(([, a], [, b]) => a - b);
  const from = entries.length - TEACHERS_WORDS.length;
  const renamed = entries.map(([word, id], i) => [TEACHERS_WORDS[i - from] ?? word, id] as const);
  writeJson(file, { ...definition, model: { ...definition.model, vocab: Object.fromEntries<number>(renamed) } });
}

function requireReason(model: QwenModel, text: string, label: string, reason: RejectionReason): void {
  const said = model.decode(model.encodeCompletion(text));
  const verdict = checkChainText(said, label);
  if (verdict.accepted || verdict.reason !== reason) throw new RangeError(`badTeacher: "${said}" is no "${reason}"`);
}
