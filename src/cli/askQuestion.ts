import { LabError } from "../core/errors";
import type { RgbImage } from "../core/image";
import { buildPrompt, promptText, type PromptRequest } from "../data/prompts";
import type { Prompt } from "../model/contract";
import { speaksMini, wordsLacking } from "../lab/vocabulary";
import { fitImage } from "../model/qwen/imageProcessor";
import type { QwenModel } from "../model/qwen/model";

/** What is asked about every picture. */
export interface Question {
  /** The words of it, without the picture. */
  readonly text: string;
  readonly prompt: (image: RgbImage) => Prompt;
}

export interface QuestionParts {
  readonly domain: string | undefined;
  readonly question: string | undefined;
  readonly options: readonly string[];
  readonly thinking: boolean;
}

/** The domain of a mini-world question that names none. */
export const DEFAULT_DOMAIN = "bird";

/** The question in the words that the model was taught, or in the user's own. @throws LabError for words it lacks */
export function questionFor(model: Pick<QwenModel, "tokenizer">, parts: QuestionParts): Question {
  const { domain, question, options, thinking } = parts;
  const mini = speaksMini(model.tokenizer);
  if (mini && question !== undefined) {
    requireWords(model, [question, ...options]);
    requireLastWord(question, thinking);
    const content = `<image> ${question}`;
    return { text: question, prompt: (image) => ({ messages: [{ role: "user", content }], images: [image] }) };
  }
  const superCategory = domain ?? DEFAULT_DOMAIN;
  const plain = domain === undefined ? "What is shown in this picture?" : `What kind of ${domain} is this?`;
  const request: Omit<PromptRequest, "image"> = {
    question: mini ? `${superCategory} ?` : (question ?? plain),
    superCategory,
    thinking,
    ...(options.length === 0 ? {} : { options }),
  };
  if (mini) requireWords(model, [superCategory, ...options]);
  const set = mini ? "mini" : "paper";
  return { text: promptText(set, request), prompt: (image) => buildPrompt(set, { ...request, image }) };
}

/** @throws LabError naming the first word that is not in the vocabulary */
function requireWords({ tokenizer }: Pick<QwenModel, "tokenizer">, texts: readonly string[]): void {
  const [stranger] = wordsLacking(tokenizer, texts);
  if (stranger === undefined) return;
  throw new LabError(
    `the model's vocabulary lacks the word "${stranger}"`,
    "A model of the mini-world knows the words and names of its world only; `npx fine-r1 ask --example FILE` shows some of them.",
  );
}

/** In the mini-world's words it is the last one that asks for a chain. @throws LabError where it and the way in which the answer will be read differ */
function requireLastWord(question: string, thinking: boolean): void {
  const asks = /(?:^|\s)think\s*$/u.test(question);
  if (asks === thinking) return;
  const [reason, remedy] = thinking
    ? ["asks for no chain of thought", "End it in the word `think`, or give --no-think."]
    : ["asks for a chain of thought", "Give --think, or end it in the word `answer`."];
  throw new LabError(reason, remedy, { subject: `--question "${question}"` });
}

/** A picture at the size at which the model sees it. */
export interface FittedPicture {
  readonly image: RgbImage;
  /** The file's size, and the other one where it was changed. */
  readonly sizes: string;
}

/**
 * Resizes a picture of any size for a model. One of the mini-world has seen pictures of one size only: larger ones are
 * brought down to that area, whatever its processor would allow.
 * @param side of the world's pictures; undefined for models that know pictures of many sizes
 */
export function fitPicture(picture: RgbImage, { processor }: QwenModel, side: number | undefined): FittedPicture {
  const image = fitImage(picture, processor, side === undefined ? undefined : side ** 2);
  const given = `${picture.width} × ${picture.height} pixels`;
  if (image.width === picture.width && image.height === picture.height) return { image, sizes: given };
  const why = side === undefined ? "" : ` (its world's pictures are ${side} × ${side})`;
  return { image, sizes: `${given}, resized to ${image.width} × ${image.height} for this model${why}` };
}
