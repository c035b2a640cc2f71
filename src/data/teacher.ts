import type { LabelledImage } from "./types";

/** Whoever writes the chains. Two implementations: any vision-language model, and the mini-world's own teacher. */
export interface Teacher {
  readonly name: string;
  /** How many images it can be asked about at a time; 1 where absent. */
  readonly lanes?: number | undefined;
  /** Several descriptions of an image, each led to other features. The same seed gives the same texts. */
  describe(image: LabelledImage, count: number, seed: number): Promise<string[]>;
  /** Several answers to the prompt of Table 5 about an image. The same seed gives the same texts. */
  reason(image: LabelledImage, prompt: string, count: number, seed: number): Promise<string[]>;
}
