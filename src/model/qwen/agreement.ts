import { LabError } from "../../core/errors";
import type { QwenConfig } from "./config";
import type { ImageProcessorConfig } from "./imageProcessor";
import type { QwenTokenizer } from "./tokenizer";

/** What stands beside a checkpoint's weights. */
export interface Companions {
  readonly config: QwenConfig;
  readonly processor: ImageProcessorConfig;
  readonly tokenizer: QwenTokenizer;
}

/** @param folder where they lie @throws LabError when the files of a checkpoint do not belong together */
export function requireAgreement({ config, processor, tokenizer }: Companions, folder: string): void {
  const { vision } = config;
  const { special } = tokenizer;
  const [images, texts] = ["the image processor", "the tokenizer"];
  const pairs: readonly (readonly [what: string, config: number, other: number, file: string])[] = [
    ["patch_size", vision.patchSize, processor.patchSize, images],
    ["merge size", vision.spatialMergeSize, processor.mergeSize, images],
    ["temporal_patch_size", vision.temporalPatchSize, processor.temporalPatchSize, images],
    ["image token", config.imageTokenId, special.image, texts],
    ["video token", config.videoTokenId, special.video, texts],
    ["first token of a picture", config.visionStartTokenId, special.visionStart, texts],
    ["last token of a picture", config.visionEndTokenId, special.visionEnd, texts],
  ];
  for (const [what, own, other, file] of pairs)
    if (own !== other) throw apart(`the ${what} is ${own} in config.json and ${other} in ${file}`, folder);
  const { vocabSize } = config.text;
  if (tokenizer.vocabSize > vocabSize)
    throw apart(`the tokenizer's largest id is ${tokenizer.vocabSize - 1}, and the vocab_size of config.json ${vocabSize}`, folder); // prettier-ignore
}

function apart(reason: string, subject: string): LabError {
  return new LabError(reason, "Use files of one checkpoint.", { subject });
}
