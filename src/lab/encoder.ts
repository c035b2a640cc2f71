import { cosineSimilarity, type TextEncoder, type TextSimilarity } from "../eval/similarity";
import type { DualEncoder } from "../model/dualEncoder";
import { OnnxEncoder } from "../model/onnx/encoder";
import { engineOf } from "../model/open";
import { MiniDualEncoder } from "../model/siglip/dualEncoder";
import type { Given } from "./stage";

/** An encoder, and the text similarity of Eq. 5 that it gives. */
export interface OpenedEncoder extends DualEncoder {
  readonly similarity: TextSimilarity;
}

/** Opens a dual encoder: "onnx:DIR" is a published one, a folder alone one of ours. @throws LabError when a file is missing */
export function openEncoder({ at, fingerprint }: Given): OpenedEncoder {
  const { prefix, where } = engineOf(at);
  const encoder: DualEncoder = prefix === "onnx:" ? new OnnxEncoder(where) : MiniDualEncoder.load(at);
  const encodeTexts = (texts: readonly string[]) => encoder.encodeTexts(texts);
  return {
    name: encoder.name,
    similarity: cosineSimilarity(`${encoder.name}/${fingerprint.slice(0, 10)}`, oneByOne(encodeTexts)),
    encodeImages: (images) => encoder.encodeImages(images),
    encodeTexts,
    dispose: () => {
      encoder.dispose();
    },
  };
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
