import { LabError } from "../../core/errors";
import type { Prompt, Scored } from "../contract";
import type { QwenConfig } from "./config";
import { ImageCache } from "./imageCache";
import type { ImageProcessorConfig } from "./imageProcessor";
import { requireRoomForPicture } from "./memory";
import { ropePositions } from "./positions";
import type { TokenSequence } from "./sequences";
import type { ScoredSequence } from "./teacherForcing";
import type { QwenTokenizer } from "./tokenizer";

/** Turns prompts into tokens, positions and processed images. */
export class PromptEncoder {
  readonly images: ImageCache;

  constructor(
    private readonly config: QwenConfig,
    private readonly tokenizer: QwenTokenizer,
    processor: ImageProcessorConfig,
  ) {
    this.images = new ImageCache(processor);
  }

  /**
   * Equal prompts (same tokens, same image objects) become the same object.
   * @param room tokens that must fit behind each prompt
   * @throws LabError when a prompt is too long, or its images and markers do not match
   */
  encode(prompts: readonly Prompt[], room: number): TokenSequence[] {
    const known = new Map<string, TokenSequence>();
    return prompts.map((prompt) => {
      const images = prompt.images.map((image) => this.images.get(image));
      for (const { gridThw: [t, h, w] } of images) requireRoomForPicture(t * h * w, this.config); // prettier-ignore
      const asked = this.tokenizer.encodePrompt(
        prompt.messages,
        images.map(({ tokens }) => tokens),
      );
      const ids = prompt.begun === undefined ? asked : [...asked, ...this.tokenizer.encode(prompt.begun)];
      const key = `${ids.join()}|${images.map(({ id }) => id).join()}`;
      const same = known.get(key);
      if (same !== undefined) return same;
      this.checkLength(ids.length, images.length, room);
      this.checkIds(ids, "prompt");
      const grids = images.map(({ gridThw }) => gridThw);
      const positions = ropePositions(ids, grids, this.config);
      const sequence = {
        ids,
        images,
        positions: positions.ids,
        next: positions.next,
        imageToken: this.config.imageTokenId,
      };
      known.set(key, sequence);
      return sequence;
    });
  }

  /** @throws LabError as `encode`, and when a completion holds an id outside the vocabulary */
  encodeScored(items: readonly Scored[]): ScoredSequence[] {
    const prompts = this.encode(
      items.map(({ prompt }) => prompt),
      1,
    );
    return items.map(({ tokenIds }, index) => {
      const prompt = prompts[index] as TokenSequence;
      this.checkLength(prompt.ids.length, prompt.images.length, tokenIds.length);
      this.checkIds(tokenIds, "completion");
      return { prompt, completion: tokenIds };
    });
  }

  private checkLength(tokens: number, images: number, room: number): void {
    const limit = this.config.text.maxPositionEmbeddings;
    if (tokens === 0) throw new LabError("the prompt is empty", "Write at least one token.", { subject: "prompt" });
    if (tokens + room <= limit) return;
    const shown = images > 1 ? ` (${images} images among them)` : "";
    throw new LabError(
      `a prompt of ${tokens} tokens${shown} with an answer of ${room} does not fit in the context of ${limit}`,
      "Shorten the prompt, use fewer or smaller images, or ask for fewer new tokens.",
      { subject: "prompt" },
    );
  }

  private checkIds(ids: readonly number[], subject: string): void {
    const { vocabSize } = this.config.text;
    const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (wrong === undefined) return;
    throw new LabError(
      `token ${wrong} is not in the vocabulary of ${vocabSize}`,
      "Use the tokenizer that belongs to this checkpoint.",
      { subject },
    );
  }
}
