import { cosineSimilarity, type TextEncoder, type TextSimilarity } from "../eval/similarity";
import { MiniDualEncoder } from "../model/siglip/dualEncoder";
import type { DualEncoder } from "../model/dualEncoder";
import { givenCheckpoint } from "./training";

/** The encoder that an experiment measures with, and the text similarity of Eq. 5 that it gives. */
export interface OpenedEncoder extends DualEncoder {
  /** Hash of its weights. */
  readonly key: string;
  readonly similarity: TextSimilarity;
}

/** Loads a dual encoder's folder. */
export async function openEncoder(folder: string): Promise<OpenedEncoder> {
  const { key } = givenCheckpoint(folder);
  const encoder = MiniDualEncoder.load(folder);
  const encodeTexts = (texts: readonly string[]) => encoder.encodeTexts(texts);
  return Promise.resolve({
    name: encoder.name,
    key,
    similarity: cosineSimilarity(`${encoder.name}/${key.slice(0, 10)}`, oneByOne(encodeTexts)),
    encodeImages: (images) => encoder.encodeImages(images),
    encodeTexts,
    dispose: () => {
      encoder.dispose();
    },
  });
}

/**
 * A text's vector is rounded differently in different company. Encoded alone it is the same whichever texts were asked
 * for before, so that an evaluation that was killed and goes on gives the very numbers of one that was not.
 */
function oneByOne(encode: TextEncoder): TextEncoder {
  return async (texts) => {
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(...(await encode([text])));
    return vectors;
  };
}
