import { vocabularyOf } from "../model/open";
import { absentData, openDataset } from "./datasets";
import { givenOf, isServed, isThere, shownPlace } from "./given";
import { answersStage, similarityStage } from "./kinds/asking";
import { requireOwn } from "./ownWorld";
import { requireAble, type Given, type Stage } from "./stage";
import { requireVocabulary, speaksMini } from "./vocabulary";

/**
 * Makes sure that what stages are given is fit for what is asked of it, as far as it is there: a model can do it (`requireAble`), and an
 * encoder that reads class names knows their words. Other words, such as those of free answers, it need not know.
 * @throws LabError that names what is not
 */
export async function requireFit(stages: readonly Stage[]): Promise<void> {
  requireAble(stages);
  const readers = new Map(
    stages.flatMap(readersOf).map((one) => [JSON.stringify([one.encoder.at, one.dataset.at]), one]),
  );
  for (const { encoder, dataset, remedy } of readers.values()) {
    if (!isThere(encoder.at) || absentData(dataset.at) !== undefined) continue;
    const vocabulary = vocabularyOf(encoder.at);
    if (vocabulary === undefined) continue;
    const opened = await openDataset(dataset.at);
    requireOwn(encoder.at, opened, dataset.at); // says more than the words that are lacking
    requireVocabulary(vocabulary, opened, { subject: shownPlace(encoder.at), remedy });
  }
}

/** An encoder, and the dataset whose class names a stage has it read. */
interface Reader {
  readonly encoder: Given;
  readonly dataset: Given;
  readonly remedy: string;
}

function readersOf(stage: Stage): Reader[] {
  const compares = stage.kind.kind === similarityStage.kind;
  if (!compares && stage.kind.kind !== answersStage.kind) return [];
  const remedy = compares
    ? "SS_rel would compare words that it does not tell apart. Name an encoder that knows them under similarity, such as onnx:DIR, or ask closed questions alone (closed-world)."
    : "It would choose among words that it does not tell apart. Name an encoder that knows them in its place, such as onnx:DIR, or leave its row out.";
  const dataset = [stage, ...stage.needs].flatMap(givenOf).find(({ given }) => given === "dataset");
  const encoders = givenOf(stage).filter(({ given }) => given === "encoder");
  return dataset === undefined ? [] : encoders.map((encoder) => ({ encoder, dataset, remedy }));
}

/** Models that are asked in the mini-world's words and do not know them, as far as can be told: of each a warning. */
export function wordingWarnings(stages: readonly Stage[]): string[] {
  const asked = stages.filter(({ inputs }) => inputs["promptSet"] === "mini").flatMap(givenOf);
  const models = new Set(asked.flatMap(({ given, at }) => (given === "checkpoint" && maybeForeign(at) ? at : [])));
  return [...models].map(
    (at) =>
      `Warning: ${shownPlace(at)} is asked in the mini-world's words (promptSet mini: "bird ? answer"), which only a base of the mini-world knows. Ask any other model in English: --set promptSet=released.`,
  );
}

/** Whether a model may know other words than the mini-world's: nobody can tell what a server's tokenizer knows. */
function maybeForeign(at: string): boolean {
  if (isServed(at)) return true;
  const vocabulary = isThere(at) ? vocabularyOf(at) : undefined;
  return vocabulary !== undefined && !speaksMini(vocabulary);
}
