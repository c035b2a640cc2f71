import { Random } from "../../core/random";
import { silent, type Progress } from "../../core/progress";
import { SLOTS } from "../attributes";
import {
  analysisPrompt,
  analysisText,
  attributesToNameOf,
  type Exercise,
  exercisePrompt,
  genusMembersOf,
  isNameOf,
  nameToAttributesOf,
  reasonAbout,
} from "../curriculum/exercises";
import type { MiniWorld } from "../types";
import { encoderTemplates } from "../../data/prompts";
import type { BenchmarkItem } from "../../data/types";
import type { Answer } from "../../eval/answers";
import { askAll, chooseAll } from "../../eval/asking";
import type { DualEncoder } from "../../model/dualEncoder";
import { wilson, type Score } from "../../eval/intervals";
import { answerOf } from "../../eval/judge";
import { scoreOf } from "../../eval/measure";
import { metricNamed } from "../../eval/metrics";
import type { Prompt, VisionLanguageModel } from "../../model/contract";
import type { EncoderName } from "./config";
import { namePairs, pairPrompt } from "../../analysis/namePairs";

/** A measured property of a base model and the bound that a base must keep (docs/mini-world.md). */
export interface Gate {
  readonly name: string;
  readonly score: Score;
  /** Smallest and largest value that passes; null where the figure is only reported. */
  readonly least: number | null;
  readonly most: number | null;
  readonly pass: boolean;
}

const CHUNK = 96;
/** Validation pictures of a class in the gates that name pictures. */
const PICTURES = 4;
/** How the paper's baselines answer, as bands: Qwen2.5-VL-3B directly, seen and unseen (Tables 1 and 2). */
const DIRECT = {
  closed: { seen: [0.7, 0.8], unseen: [0.62, 0.8] },
  open: { seen: [0.35, 0.55], unseen: [0.25, 0.5] },
} as const;
/** As SigLIP-L, and as CLIP-L and EVA-G (Table 1). */
const ENCODER_BANDS = {
  siglip: { seen: [0.8, 0.9], unseen: [0.74, 0.88] },
  clip: { seen: [0.7, 0.8], unseen: [0.7, 0.8] },
} as const;
/** Thinking answers closed questions as well as answering at once does, within this. */
const THINKING_WITHIN = 0.06;

/**
 * Measures a base model on validation pictures of all classes, seen and unseen, never on test items: what it sees, what
 * it knows, how it reasons in text, and how badly it names.
 */
export async function measureGates(
  model: VisionLanguageModel,
  world: MiniWorld,
  progress: Progress = silent,
): Promise<Gate[]> {
  const classes = world.subCategories;
  const random = new Random("gates");
  const exact = (name: string, exercises: Exercise[], least: number) =>
    exactShare(model, exercises).then((score) => gate(name, score, least, null));
  const gates: Gate[] = [...(await readingGates(model, world))];
  gates.push(await exact("name → attributes", classes.map(nameToAttributesOf), 0.95));
  gates.push(await exact("attributes → name", classes.map(attributesToNameOf), 0.95));
  gates.push(await membersGate(model, world));
  for (const closed of [false, true]) {
    const exercises = classes.map((c) => reasonAbout(world, c, c.attributes, { thinking: true, closed }, random));
    const score = await answerShare(model, exercises);
    gates.push(gate(`reasoning in text, ${closed ? "four options" : "open"}`, score, 0.97, null));
  }
  return [...gates, ...(await pairGates(model, world)), ...(await namingGates(model, world, progress))];
}

async function readingGates(model: VisionLanguageModel, world: MiniWorld): Promise<Gate[]> {
  const exercises = world.subCategories.flatMap((c) =>
    [0, 1].map((index) => ({
      task: "readAttributes" as const,
      user: analysisPrompt(c.superCategory),
      picture: world.picture(c, "validation", index),
      completion: analysisText(c.attributes),
    })),
  );
  const texts = await greedy(model, exercises, 8);
  return SLOTS.map((slot, i) => {
    const right = texts.filter(
      (text, k) => text.split(" ")[i + 1] === exercises[k]?.completion.split(" ")[i + 1],
    ).length;
    return gate(`reads ${slot}`, wilson(right, texts.length), 0.9, null);
  });
}

async function membersGate(model: VisionLanguageModel, world: MiniWorld): Promise<Gate> {
  const exercises = world.subCategories.map((c) => genusMembersOf(world, c, new Random(0)));
  const set = (text: string): string => text.split(" , ").sort().join(" , ");
  const texts = await greedy(model, exercises, 24);
  const right = texts.filter((text, i) => set(text) === set(exercises[i]?.completion ?? "")).length;
  return gate("genus → members", wilson(right, texts.length), 0.95, null);
}

/** "Is it a NAME?", of a description and of a picture: half of the names are right, half another class's of the same split. */
async function pairGates(model: VisionLanguageModel, world: MiniWorld): Promise<Gate[]> {
  const random = new Random("pairs");
  const both = [true, false];
  const described = world.subCategories.flatMap((c) =>
    both.map((right) => isNameOf(world, c, c.attributes, right, random)),
  );
  const pairs = namePairs(world.subCategories, validationItems(world), 0);
  const shown = await Promise.all(pairs.map((pair) => pairPrompt("mini", pair)));
  const said = (await greedyOf(model, shown, 8)).map((text) => answerOf(text, false));
  const right = said.filter((word, i) => word === (pairs[i]?.positive === true ? "yes" : "no")).length;
  return [
    gate("yes or no in text", await exactShare(model, described), 0.97, null),
    gate("yes or no about a picture", wilson(right, pairs.length), 0.6, 0.8),
  ];
}

async function namingGates(model: VisionLanguageModel, world: MiniWorld, progress: Progress): Promise<Gate[]> {
  const items = validationItems(world, PICTURES);
  const out: Gate[] = [];
  for (const setting of ["closed", "open"] as const) {
    const ask = async (thinking: boolean): Promise<readonly Answer[]> => {
      const maxNewTokens = thinking ? 96 : 12;
      const options = { setting, thinking, promptSet: "mini", maxNewTokens, batchSize: CHUNK, progress } as const;
      return askAll(model, items, { ...options, label: `gates, ${setting}` });
    };
    const direct = await ask(false);
    const thinking = await ask(true);
    for (const split of ["seen", "unseen"] as const) {
      const of = (answers: readonly Answer[], thinks: boolean): Score =>
        shareOf(
          world,
          answers.filter(({ seen }) => seen === (split === "seen")),
          "accuracy",
          thinks,
        );
      const [least, most] = DIRECT[setting][split];
      const atOnce = of(direct, false);
      out.push(gate(`names ${split} classes, ${setting}, direct`, atOnce, least, most));
      const near = [atOnce.value - THINKING_WITHIN, atOnce.value + THINKING_WITHIN] as const;
      const [low, high] = setting === "closed" ? near : [null, null];
      out.push(gate(`names ${split} classes, ${setting}, thinking`, of(thinking, true), low, high));
    }
    out.push(gate(`keeps the form, ${setting}, thinking`, shareOf(world, thinking, "wellFormed", true), null, null));
    if (setting === "closed") out.push(...optionGates(world, items, direct));
  }
  return out;
}

/** Answers are options, and right where no other member of the genus is among these. */
function optionGates(world: MiniWorld, items: readonly BenchmarkItem[], direct: readonly Answer[]): Gate[] {
  const alone = new Set(items.filter((item) => siblingsAmong(world, item) === 0).map(({ id }) => id));
  const easy = direct.filter(({ id }) => alone.has(id));
  return [
    gate("answers with an option, closed, direct", shareOf(world, direct, "option", false), 0.95, null),
    gate(
      "names without a sibling among the options, closed, direct",
      shareOf(world, easy, "accuracy", false),
      0.85,
      null,
    ),
  ];
}

function siblingsAmong(world: MiniWorld, { image, options }: BenchmarkItem): number {
  const { name, superCategory, genus } = world.classOf(image.subCategory);
  return options.filter((option) => option !== name && world.classNamed(superCategory, option)?.genus === genus).length;
}

function shareOf(world: MiniWorld, answers: readonly Answer[], metric: string, thinking: boolean): Score {
  return scoreOf(answers, metricNamed(metric), { thinking, classes: world.subCategories });
}

/** Closed-world accuracy of an encoder on the same pictures. */
export async function encoderGates(encoder: DualEncoder, name: EncoderName, world: MiniWorld): Promise<Gate[]> {
  const items = validationItems(world, PICTURES);
  const answers = await chooseAll(encoder, items, { templates: encoderTemplates(world.wording).slice(0, 1) });
  return (["seen", "unseen"] as const).map((split) => {
    const [least, most] = ENCODER_BANDS[name][split];
    const own = answers.filter(({ seen }) => seen === (split === "seen"));
    return gate(`${name} encoder, closed, ${split} classes`, shareOf(world, own, "accuracy", false), least, most);
  });
}

/** Validation pictures of every class as questions; the unseen classes have none in the dataset itself. */
function validationItems(world: MiniWorld, perClass = 1): BenchmarkItem[] {
  return world.subCategories.flatMap((c) =>
    Array.from({ length: perClass }, (_, index) => {
      const image = world.picture(c, "validation", index);
      const question = `${c.superCategory} ?`;
      return { id: image.id, image, question, options: world.optionsFor(image), groundTruth: c.name };
    }),
  );
}

async function exactShare(model: VisionLanguageModel, exercises: readonly Exercise[]): Promise<Score> {
  const texts = await greedy(model, exercises, 12);
  return wilson(texts.filter((text, i) => text === exercises[i]?.completion).length, texts.length);
}

/** Share of chains that end in the right answer, whatever stands before it. */
async function answerShare(model: VisionLanguageModel, exercises: readonly Exercise[]): Promise<Score> {
  const texts = await greedy(model, exercises, 96);
  const right = texts.filter((text, i) => answerOf(text, true) === answerOf(exercises[i]?.completion ?? "", true));
  return wilson(right.length, texts.length);
}

async function greedy(
  model: VisionLanguageModel,
  exercises: readonly Exercise[],
  maxNewTokens: number,
): Promise<string[]> {
  return greedyOf(model, await Promise.all(exercises.map(exercisePrompt)), maxNewTokens);
}

async function greedyOf(
  model: VisionLanguageModel,
  prompts: readonly Prompt[],
  maxNewTokens: number,
): Promise<string[]> {
  const out: string[] = [];
  for (let from = 0; from < prompts.length; from += CHUNK) {
    const options = { samples: 1, maxNewTokens, temperature: 0, topP: 1, seed: 0 };
    const groups = await model.generate(prompts.slice(from, from + CHUNK), options);
    out.push(...groups.map((group) => group[0]?.text ?? ""));
  }
  return out;
}

function gate(name: string, score: Score, least: number | null, most: number | null): Gate {
  const pass = (least === null || score.value >= least) && (most === null || score.value <= most);
  return { name, score, least, most, pass };
}
