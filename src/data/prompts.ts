import type { RgbImage } from "../core/image";
import { Random } from "../core/random";
import type { ChatMessage, Prompt } from "../model/contract";
import type { LabelledImage } from "./types";

/**
 * Which wording a question is asked in. "paper": Appendix B, with its two swapped labels put right. "released": the
 * released `evaluation.py`, a third wording. "mini": words of the mini-world's vocabulary, separated by single spaces.
 */
export const PROMPT_SETS = ["paper", "released", "mini"] as const;
export type PromptSet = (typeof PROMPT_SETS)[number];

/** One question about one image. */
export interface PromptRequest {
  readonly question: string;
  /** The coarse class, such as "bird"; only the mini-world's prompt names it. */
  readonly superCategory: string;
  /** The candidates in the order they are shown; without them the question is an open one. */
  readonly options?: readonly string[];
  readonly image: RgbImage;
  /** Ask for reasoning before the answer. */
  readonly thinking: boolean;
}

type Wording = (request: PromptRequest) => string;

const ANSWER_FORM = {
  think: "<think>...</think><answer>your answer</answer>",
  direct: "<answer>your answer</answer>",
};
const CHOICE_FORM = {
  think: "<think>...</think><answer>choice</answer>",
  direct: "<answer>choice</answer>",
};

/**
 * The texts of Appendix B. The paper has no wording without reasoning; the direct ones are its sentences with the
 * thinking half left out.
 */
function paperWording(request: PromptRequest): string {
  const mode = request.thinking ? "think" : "direct";
  const parts = request.thinking ? "the thinking process in <think></think> and " : "the ";
  if (request.options === undefined) {
    return (
      `Given the question: ${request.question}. This is a fine-grained question, so you need to output fine-grained ` +
      `categories, such as specific animal species or car, airplane model. Output ${parts}final answer in ` +
      `<answer></answer> tags. The response format should be as follows: ${ANSWER_FORM[mode]}. ` +
      "Please follow this format exactly."
    );
  }
  return (
    `Given the question: ${request.question}, based on the options provided in ${pythonList(request.options)}, ` +
    `output ${parts}final choice in <answer></answer> tags. The response format should be as follows: ` +
    `${CHOICE_FORM[mode]}. Please follow this format exactly.`
  );
}

/** The texts of the released `evaluation.py`; direct ones are made as for the paper's. */
function releasedWording(request: PromptRequest): string {
  const { question, options, thinking } = request;
  if (options === undefined) {
    const output = thinking
      ? "Output reasoning in <think></think> and the final answer in <answer></answer>."
      : "Output the final answer in <answer></answer>.";
    return `Given the question: ${question}. This is a fine-grained question. ${output}`;
  }
  const [parts, form] = thinking
    ? ["the thinking process in <think> </think> and ", "<think>...</think> <answer>choice</answer>"]
    : ["the ", "<answer>choice</answer>"];
  return (
    `Given the question: ${question}, based on the options provided in ${pythonList(options)}, output ${parts}` +
    `final choice in <answer> </answer> tags. The response format should be: ${form}.`
  );
}

/** `bird options a , b , c , d ? think`: the mini-world's words, the image before them. */
function miniWording(request: PromptRequest): string {
  const options = request.options === undefined ? [] : ["options", request.options.join(" , ")];
  return [request.superCategory, ...options, "?", request.thinking ? "think" : "answer"].join(" ");
}

const WORDING: Readonly<Record<PromptSet, Wording>> = {
  paper: paperWording,
  released: releasedWording,
  mini: miniWording,
};

/**
 * The open questions that all benchmarks of the release ask, one of them drawn for each picture (`eval/*.jsonl` there). Each
 * benchmark has two more, which ask for the species of a bird or a flower and for the model of an aircraft.
 */
const RELEASED_QUESTIONS = [
  "Can you help me recognize the # in this photo?",
  "Can you identify the # in this image?",
  "Do you know what # this is?",
  "What is the # featured in this picture?",
  "What is the # shown in the photo?",
  "What is the name of the # in the photo?",
  "What kind of # is this?",
  "What type of # is shown in the image?",
];

/** The open question about a picture: the same each time, and of its super-category and id alone. */
export function openQuestion(set: PromptSet, { id, subCategory }: Pick<LabelledImage, "id" | "subCategory">): string {
  const { superCategory } = subCategory;
  if (set === "mini") return `${superCategory} ?`;
  return new Random(`question/${id}`).pick(RELEASED_QUESTIONS).replace("#", () => superCategory);
}

/** The text of a question without its image. */
export function promptText(set: PromptSet, request: Omit<PromptRequest, "image">): string {
  return WORDING[set](request as PromptRequest);
}

/** A question as it is asked at evaluation: one user turn, the image before the text. */
export function buildPrompt(set: PromptSet, request: PromptRequest): Prompt {
  const space = set === "mini" ? " " : "";
  return userTurn(`<image>${space}${WORDING[set](request)}`, request.image);
}

const STAGE1_SYSTEM =
  "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant " +
  "first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning " +
  "process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., <think> " +
  "reasoning process here </think><answer> answer here </answer>";
const STAGE2_SUFFIX =
  "You first think through the reasoning process as an internal monologue, enclosed within <think> </think> tags. " +
  "Then, provide your final answer enclosed within <answer> </answer> tags.";

/**
 * A question as it is asked in training. The release words it apart from the evaluation: stage 1 (CoT SFT) with a
 * system turn and the bare question, stage 2 (TAPO) with a sentence on the form behind it (`cls_thinking.jinja`). The
 * paper gives no training wording of its own, so "paper" trains on the released one; "mini" asks as at evaluation.
 * Without thinking both stages ask the bare question.
 */
export function buildTrainingPrompt(set: PromptSet, stage: "sft" | "tapo", request: PromptRequest): Prompt {
  if (set === "mini") return buildPrompt(set, request);
  const question = request.options === undefined ? request.question : withOptions(request.question, request.options);
  if (stage === "tapo" && request.thinking)
    return userTurn(`<image>${question.trim()}\n\n${STAGE2_SUFFIX}`, request.image);
  const turn = userTurn(`<image>${question}`, request.image);
  const system: ChatMessage = { role: "system", content: STAGE1_SYSTEM };
  return request.thinking ? { ...turn, messages: [system, ...turn.messages] } : turn;
}

/** The sentence that an encoder reads for a class: one prompt, no ensembling (Appendix B). */
export function encoderTemplate(set: PromptSet): string {
  return set === "mini" ? "{superCategory} {class}" : "a photo of a {class}";
}

/** A name in the answer form, as a model is trained to give it: in the mini-world's form every tag is a word of its own. */
export function answerText(set: PromptSet, name: string): string {
  return set === "mini" ? `<answer> ${name} </answer>` : `<answer>${name}</answer>`;
}

function withOptions(question: string, options: readonly string[]): string {
  return `${question} Choose from ${pythonList(options)}.`;
}

function userTurn(content: string, image: RgbImage): Prompt {
  return { messages: [{ role: "user", content }], images: [image] };
}

/** A list of texts as Python prints it, which is how the release puts options into its prompt: `['a', "b's"]`. */
export function pythonList(items: readonly string[]): string {
  return `[${items.map(pythonText).join(", ")}]`;
}

function pythonText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}
