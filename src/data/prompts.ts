import type { RgbImage } from "../core/image";
import { LabError } from "../core/errors";
import { pythonList } from "../core/python";
import { Random } from "../core/random";
import type { ChatMessage, Prompt } from "../model/contract";
import type { LabelledImage } from "./types";

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
  /** Ask for it by a sentence behind the direct question (zero-shot CoT; Kojima et al., 2022), not by the form of the answer. */
  readonly stepByStep?: boolean;
  /** Shown first, in this order, each as a turn of its own: the same question about another picture, and its answer. */
  readonly demonstrations?: readonly Demonstration[];
}

/** A picture with its name, as in-context learning shows it. */
export interface Demonstration {
  readonly image: RgbImage;
  readonly name: string;
}

/** What the words of a question depend on. */
type Worded = Omit<PromptRequest, "image" | "demonstrations">;
type Wording = (request: Worded) => string;

/** All that a set of prompts words. `<image>` stands where the picture does. */
interface Wordings {
  /** The open question about a picture. */
  readonly question: (image: Pick<LabelledImage, "id" | "subCategory">) => string;
  /** A question as it is asked at evaluation, the image before it. */
  readonly evaluation: Wording;
  /** Between `<image>` and the words of `evaluation`. */
  readonly gap: string;
  /** A question as it is asked in training (`buildTrainingPrompt`); where absent, as at evaluation. */
  readonly training?: Readonly<Record<"sft" | "tapo", (request: PromptRequest) => Prompt>>;
  /** A name in the answer form, as a model is trained to give it. */
  readonly answer: (name: string) => string;
  /** Stands behind any other question that is to be thought about first, in tags. */
  readonly thinkFirst?: string;
  /** Ends a question that asks for a chain of thought without tags; absent where `thinking` is the wording's only way to ask. */
  readonly stepByStep?: string;
  /** Sentences that an encoder reads for a class: the first one alone, or all of them as an ensemble. */
  readonly encoder: readonly [string, ...string[]];
  /** The sentence that puts a picture beside a name, whose last hidden state sums the pair up (§5.4, H3). */
  readonly pair: (superCategory: string, name: string) => string;
  /** The form of the chains of thought that it is trained on (cot/stages). */
  readonly chains: "short" | "released";
}

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
function paperWording(request: Worded): string {
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
function releasedWording(request: Worded): string {
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

/** As DeepPerception's own evaluation asks (deepperception/eval/inference.py, prompt r1), the bounding box aside; two spaces are its. */
function deepPerceptionWording(request: Worded): string {
  const parts = request.thinking ? "the thinking process in <think> </think> and " : "the ";
  return `${withOptions(request)}  Output ${parts}final answer in <answer> </answer> tags.`;
}

/** `bird options a , b , c , d ? think`: the mini-world's words, the image before them. */
function miniWording(request: Worded): string {
  const options = request.options === undefined ? [] : ["options", request.options.join(" , ")];
  return [request.superCategory, ...options, "?", request.thinking ? "think" : "answer"].join(" ");
}

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

/** The same question each time, and of the picture's super-category and id alone. */
function releasedQuestion({ id, subCategory }: Pick<LabelledImage, "id" | "subCategory">): string {
  return new Random(`question/${id}`).pick(RELEASED_QUESTIONS).replace("#", () => subCategory.superCategory);
}

const STAGE1_SYSTEM =
  "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant " +
  "first thinks about the reasoning process in the mind and then provides the user with the answer. The reasoning " +
  "process and answer are enclosed within <think> </think> and <answer> </answer> tags, respectively, i.e., <think> " +
  "reasoning process here </think><answer> answer here </answer>";
/** What `cls_thinking.jinja` puts behind a question of stage 2. */
export const STAGE2_SUFFIX =
  "You first think through the reasoning process as an internal monologue, enclosed within <think> </think> tags. " +
  "Then, provide your final answer enclosed within <answer> </answer> tags.";

/**
 * The release words a question in training apart from the evaluation: stage 1 (CoT SFT) with a system turn and the bare question,
 * stage 2 (TAPO) with a sentence on the form behind it (`cls_thinking.jinja`). Without thinking both ask the bare question.
 */
const RELEASED_TRAINING: Wordings["training"] = {
  sft: (request) => {
    const turn = bareQuestion(request);
    const system: ChatMessage = { role: "system", content: STAGE1_SYSTEM };
    return request.thinking ? { ...turn, messages: [system, ...turn.messages] } : turn;
  },
  tapo: (request) =>
    request.thinking
      ? userTurn(`<image>${withOptions(request).trim()}\n\n${STAGE2_SUFFIX}`, request.image)
      : bareQuestion(request),
};

/** The first is CLIP's one prompt (Appendix B); the others are ours. The paper's ensemble has the 80 of ImageNet (§5.3). */
const ENGLISH_SENTENCES = [
  "a photo of a {class}",
  "a photo of a {class}, a kind of {superCategory}",
  "a close view of the {class}",
  "the {superCategory} in this picture is a {class}",
  "a good picture of one {class}",
] as const;

/**
 * The mini-world's encoders have read the first alone beside pictures of classes, and no word but names and values: there are few
 * sentences to vary, and to average over them has little to gain.
 */
const MINI_SENTENCES = [
  "{superCategory} {class}",
  "{class}",
  "{class} {superCategory}",
  "{superCategory} {class} {class}",
] as const;

const RELEASED = {
  question: releasedQuestion,
  evaluation: releasedWording,
  gap: "",
  training: RELEASED_TRAINING,
  answer: (name) => `<answer>${name}</answer>`,
  thinkFirst: STAGE2_SUFFIX,
  stepByStep: "Let's think step by step.", // §5.3
  encoder: ENGLISH_SENTENCES,
  pair: (superCategory, name) => `Is the ${superCategory} species ${name}?`,
  chains: "released",
} satisfies Wordings;

/** Every set of prompts; a new one is a record here. */
const SETS = {
  /** Appendix B, with its two swapped labels put right. It gives no training wording of its own: there it is the released one. */
  paper: { ...RELEASED, evaluation: paperWording },
  /** The released `evaluation.py`, a third wording. */
  released: RELEASED,
  /** For DeepPerception (configs/models). */
  deepperception: { ...RELEASED, evaluation: deepPerceptionWording },
  /** Words of the mini-world's vocabulary, separated by single spaces; in its answer form every tag is a word of its own. */
  mini: {
    question: ({ subCategory }) => `${subCategory.superCategory} ?`,
    evaluation: miniWording,
    gap: " ",
    answer: (name) => `<answer> ${name} </answer>`,
    encoder: MINI_SENTENCES,
    pair: (superCategory, name) => ` ${superCategory} ${name} ? answer`,
    chains: "short",
  },
} satisfies Record<string, Wordings>;

/** Which wording a question is asked in. */
export type PromptSet = keyof typeof SETS;
export const PROMPT_SETS = Object.keys(SETS) as [PromptSet, ...PromptSet[]];

function wordingsOf(set: PromptSet): Wordings {
  return SETS[set];
}

/** The open question about a picture: the same each time. */
export function openQuestion(set: PromptSet, image: Pick<LabelledImage, "id" | "subCategory">): string {
  return wordingsOf(set).question(image);
}

/** The text of a question without its image. @throws LabError where it is to end in a sentence that the wording lacks */
export function promptText(set: PromptSet, request: Worded): string {
  const { evaluation, stepByStep } = wordingsOf(set);
  if (request.stepByStep !== true) return evaluation(request);
  if (stepByStep !== undefined) return `${evaluation({ ...request, thinking: false })} ${stepByStep}`;
  const remedy = "Ask it to think in its own words: thinking, without a strategy.";
  throw new LabError('has no sentence such as "Let\'s think step by step."', remedy, { subject: `the wording ${set}` });
}

/** A question in words of its own, such as a benchmark's, to be thought about first; as it is where the wording cannot ask so. */
export function thinkFirst(set: PromptSet, question: string): string {
  return [question, wordingsOf(set).thinkFirst ?? []].flat().join("\n\n");
}

/** Whether a wording can ask for a chain of thought by a sentence (`PromptRequest.stepByStep`). */
export function hasStepByStep(set: PromptSet): boolean {
  return wordingsOf(set).stepByStep !== undefined;
}

/** A question as it is asked at evaluation: a turn for each demonstration and one for the question, the image before the text. */
export function buildPrompt(set: PromptSet, request: PromptRequest): Prompt {
  const { gap } = wordingsOf(set);
  const { demonstrations = [], ...asked } = request;
  const shown = demonstrations.map(({ image, name }): Prompt => {
    const question = buildPrompt(set, { ...asked, image, thinking: false, stepByStep: false });
    return { ...question, messages: [...question.messages, { role: "assistant", content: answerText(set, name) }] };
  });
  const turns = [...shown, userTurn(`<image>${gap}${promptText(set, asked)}`, request.image)];
  return { messages: turns.flatMap(({ messages }) => messages), images: turns.flatMap(({ images }) => images) };
}

/** A question as it is asked in training, of stage 1 (CoT SFT) or stage 2 (TAPO). */
export function buildTrainingPrompt(set: PromptSet, stage: "sft" | "tapo", request: PromptRequest): Prompt {
  const { training } = wordingsOf(set);
  return training === undefined ? buildPrompt(set, request) : training[stage](request);
}

/** The text that puts a picture beside a name (H3), without the mark of the picture. */
export function pairText(set: PromptSet, superCategory: string, name: string): string {
  return wordingsOf(set).pair(superCategory, name);
}

/** The sentences that an encoder reads for a class, "{class}" for its name: the first one alone, or all as an ensemble. */
export function encoderTemplates(set: PromptSet): readonly [string, ...string[]] {
  return wordingsOf(set).encoder;
}

/** A name in the answer form, as a model is trained to give it. */
export function answerText(set: PromptSet, name: string): string {
  return wordingsOf(set).answer(name);
}

/** The form of the chains of thought that a set of prompts is trained with. */
export function chainForm(set: PromptSet): "short" | "released" {
  return wordingsOf(set).chains;
}

function bareQuestion(request: PromptRequest): Prompt {
  return userTurn(`<image>${withOptions(request)}`, request.image);
}

function withOptions({ question, options }: Pick<PromptRequest, "question" | "options">): string {
  return options === undefined ? question : `${question} Choose from ${pythonList(options)}.`;
}

function userTurn(content: string, image: RgbImage): Prompt {
  return { messages: [{ role: "user", content }], images: [image] };
}
