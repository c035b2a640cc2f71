import { LabError } from "../core/errors";
import { cosine } from "../core/vectors";
import type { DualEncoder } from "../model/dualEncoder";
import type { BenchmarkItem } from "../data/types";
import { shownOptions, type EvaluationOptions } from "./evaluate";
import type { EvaluationRecord } from "./records";
import { runItems, type RunOptions } from "./run";

/** How a CLIP-style model is asked. */
export interface DualEncoderOptions extends RunOptions, Pick<EvaluationOptions, "optionOrder" | "seed" | "checkpoint"> {
  /** The sentence a class is described with; `{class}` stands for its name, `{superCategory}` for its coarse class. */
  readonly template?: string;
  /** Default 64. */
  readonly batchSize?: number;
}

/** One prompt, no ensembling (Appendix B). */
export const DEFAULT_TEMPLATE = "a photo of a {class}";

/**
 * Closed-world evaluation of a CLIP-style model: of the four candidates, the one whose text lies nearest to the image
 * by cosine (Appendix B).
 * @returns one record an item, in the order of the items, as `evaluate` gives
 */
export function evaluateDualEncoder(
  encoder: DualEncoder,
  items: readonly BenchmarkItem[],
  options: DualEncoderOptions = {},
): Promise<EvaluationRecord[]> {
  const template = options.template ?? DEFAULT_TEMPLATE;
  if (!template.includes("{class}")) {
    throw new LabError("the template names no class", "Put {class} where the class name belongs.", {
      subject: template,
    });
  }
  const known = new Map<string, Float32Array>();
  const settings = {
    model: encoder.name,
    checkpoint: options.checkpoint ?? null,
    world: "closed",
    template,
    optionOrder: options.optionOrder ?? "shuffled",
    seed: options.seed ?? 42,
  };
  const answer = (batch: readonly BenchmarkItem[]): Promise<EvaluationRecord[]> =>
    classify(encoder, batch, template, known, options);
  const label = options.label ?? `${encoder.name}, closed world`;
  return runItems(items, options.batchSize ?? 64, settings, answer, { ...options, label });
}

async function classify(
  encoder: DualEncoder,
  batch: readonly BenchmarkItem[],
  template: string,
  known: Map<string, Float32Array>,
  options: DualEncoderOptions,
): Promise<EvaluationRecord[]> {
  const shown = batch.map((item) => shownOptions(item, options));
  const sentences = batch.map((item, i) => (shown[i] ?? []).map((name) => sentence(template, name, item)));
  const missing = [...new Set(sentences.flat())].filter((text) => !known.has(text));
  if (missing.length > 0) {
    const vectors = await encoder.encodeTexts(missing);
    missing.forEach((text, i) => known.set(text, vectors[i] as Float32Array));
  }
  const images = await encoder.encodeImages(await Promise.all(batch.map((item) => item.image.load())));
  return batch.map((item, i) => {
    const scores = (sentences[i] ?? []).map((text) =>
      cosine(images[i] as Float32Array, known.get(text) as Float32Array),
    );
    return recordOf(item, shown[i] ?? [], scores.indexOf(Math.max(...scores)));
  });
}

function sentence(template: string, name: string, item: BenchmarkItem): string {
  return template.replaceAll("{superCategory}", item.image.subCategory.superCategory).replaceAll("{class}", name);
}

function recordOf(item: BenchmarkItem, shown: readonly string[], position: number): EvaluationRecord {
  const answer = shown[position] ?? null;
  const correct = answer === item.groundTruth;
  return {
    id: item.id,
    domain: item.image.subCategory.superCategory,
    seen: item.image.subCategory.seen,
    truth: item.groundTruth,
    options: [...shown],
    output: answer ?? "",
    answer,
    wellFormed: true,
    correct,
    exact: correct,
    position,
    similarity: null,
    tokens: 0,
    finish: "stop",
  };
}
