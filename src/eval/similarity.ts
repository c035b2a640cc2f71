import { cosine } from "../core/vectors";
import { saidIn, type Answer } from "./answers";
import { openPrediction, relativeSimilarity, releasedSuperCategory } from "./judge";
import type { MetricContext } from "./metrics";

/** Sim of Eq. 5: how near two texts are, 1 for equal ones. Asked for many pairs at once, so that encoders can batch. */
export interface TextSimilarity {
  /** Names the measure (and its weights) in records: figures of different measures must not be mixed. */
  readonly name: string;
  score(pairs: readonly (readonly [string, string])[]): Promise<number[]>;
}

/** Texts to vectors of one width; what a dual encoder's text tower does. */
export type TextEncoder = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** The cosine of two texts' vectors. Each text is encoded once and remembered. */
export function cosineSimilarity(name: string, encode: TextEncoder): TextSimilarity {
  const known = new Map<string, Float32Array>();
  return {
    name,
    score: async (pairs) => {
      const missing = [...new Set(pairs.flat())].filter((text) => !known.has(text));
      if (missing.length > 0) {
        const vectors = await encode(missing);
        missing.forEach((text, i) => {
          const vector = vectors[i];
          if (vector === undefined)
            throw new RangeError(`the text encoder gave ${vectors.length} vectors for ${missing.length} texts`);
          known.set(text, vector);
        });
      }
      return pairs.map(([a, b]) => cosine(known.get(a) as Float32Array, known.get(b) as Float32Array));
    },
  };
}

/**
 * SS_relative (Eq. 5) of every answer, by id. What was answered decides alone, so that this can be a stage of its own
 * between asking and measuring.
 * @param how.superCategory where ĉ comes from (`MetricContext`)
 */
export async function similarities(
  answers: readonly Answer[],
  how: Pick<MetricContext, "thinking" | "superCategory"> & { readonly similarity: TextSimilarity },
): Promise<Map<string, number>> {
  const predictions = answers.map((answer): [string, string] => [
    openPrediction(saidIn(answer, how), answer.output),
    answer.truth,
  ]);
  const standards = answers.map(({ image, domain, truth }): [string, string] => [
    how.superCategory === "released" ? releasedSuperCategory(image) : domain,
    truth,
  ]);
  const scores = await how.similarity.score([...predictions, ...standards]);
  const score = (i: number): number => scores[i] as number;
  return new Map(answers.map(({ id }, i) => [id, relativeSimilarity(score(i), score(answers.length + i))]));
}
