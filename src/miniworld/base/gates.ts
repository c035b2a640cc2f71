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
  nameToAttributesOf,
  reasonAbout,
} from "../curriculum/exercises";
import type { MiniWorld } from "../types";
import type { BenchmarkItem } from "../../data/types";
import type { Answer } from "../../eval/answers";
import { askAll } from "../../eval/asking";
import { wilson, type Score } from "../../eval/intervals";
import { answerOf } from "../../eval/judge";
import { scoreOf } from "../../eval/measure";
import { metricNamed } from "../../eval/metrics";
import type { VisionLanguageModel } from "../../model/contract";

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
/** Answers of the base must be far below its knowledge, or there is nothing to gain. */
const NAMING_AT_MOST = 0.7;

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
    gates.push(gate(`reasoning in text, ${closed ? "four options" : "open"}`, score, 0.9, null));
  }
  return [...gates, ...(await namingGates(model, world, progress))];
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

async function namingGates(model: VisionLanguageModel, world: MiniWorld, progress: Progress): Promise<Gate[]> {
  const items = validationItems(world);
  const out: Gate[] = [];
  for (const setting of ["open", "closed"] as const) {
    for (const thinking of [false, true]) {
      const maxNewTokens = thinking ? 96 : 12;
      const options = { setting, thinking, promptSet: "mini", maxNewTokens, batchSize: CHUNK, progress } as const;
      const answers = await askAll(model, items, { ...options, label: `gates, ${setting}` });
      const share = (metric: string, of: readonly Answer[] = answers): Score =>
        scoreOf(of, metricNamed(metric), { thinking, classes: world.subCategories });
      const how = `${setting}, ${thinking ? "thinking" : "direct"}`;
      for (const seen of [true, false]) {
        const own = answers.filter((answer) => answer.seen === seen);
        const bound = thinking ? null : NAMING_AT_MOST;
        out.push(gate(`names ${seen ? "seen" : "unseen"} classes, ${how}`, share("exact", own), null, bound));
      }
      out.push(gate(`keeps the form, ${how}`, share("wellFormed"), null, null));
      if (setting === "closed") out.push(gate(`answers with an option, ${how}`, share("option"), 0.95, null));
    }
  }
  return out;
}

/** Validation pictures of every class as questions; the unseen classes have none in the dataset itself. */
export function validationItems(world: MiniWorld, perClass = 1): BenchmarkItem[] {
  return world.subCategories.flatMap((c) =>
    Array.from({ length: perClass }, (_, index) => {
      const image = world.picture(c, "validation", index);
      const question = `${c.superCategory} ?`;
      return { id: image.id, image, question, options: world.optionsFor(c), groundTruth: c.name };
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
  const out: string[] = [];
  for (let from = 0; from < exercises.length; from += CHUNK) {
    const prompts = await Promise.all(exercises.slice(from, from + CHUNK).map(exercisePrompt));
    const options = { samples: 1, maxNewTokens, temperature: 0, topP: 1, seed: 0 };
    out.push(...(await model.generate(prompts, options)).map((group) => group[0]?.text ?? ""));
  }
  return out;
}

function gate(name: string, score: Score, least: number | null, most: number | null): Gate {
  const pass = (least === null || score.value >= least) && (most === null || score.value <= most);
  return { name, score, least, most, pass };
}
