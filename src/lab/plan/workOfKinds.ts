import { z } from "zod";
import { COT_TEMPLATE } from "../../cot/template";
import { trainablePartsSchema, type TrainableParts } from "../../model/parameters";
import { vocabularyOf } from "../../model/open";
import { tapoSteps } from "../../tapo/train";
import { usesNegative, usesReference } from "../../tapo/terms";
import { rlInputsSchema } from "../kinds/training";
import { isThere } from "../given";
import type { Profile } from "../profile";
import { refSchema, type Stage } from "../stage";
import type { Assumed } from "./assumptions";
import { decode, encoding, gridOf, prefill, promptTokens, scoring, training, type Grid } from "./flops";
import type { EncoderSize, QwenSize } from "./models";
import type { DataSize, DomainSize, Texts } from "./sizes";

/** What is reckoned from. */
export interface Basis {
  readonly profile: Profile;
  readonly data: DataSize;
  readonly assumed: Assumed;
}

/** What a stage comes to. FLOPs: of reading and scoring, of training, and of writing token by token. */
export interface Work {
  readonly stage: Stage;
  readonly model: QwenSize | EncoderSize | undefined;
  /** What is done, in words. */
  readonly what: string;
  readonly forward: number;
  readonly training: number;
  readonly decoding: number;
  /** What is written: so many answers, this many of them due at a time, behind prompts of so many tokens. */
  readonly writes?: {
    readonly answers: number;
    readonly due: number;
    readonly prompt: number;
    readonly answer: number;
  };
  /** What is trained: tokens of a sequence, sequences in a backward pass. */
  readonly trains?: { readonly parts: TrainableParts; readonly tokens: number; readonly together: number };
}

/** What a stage comes to, by its kind. */

type Done = Partial<Omit<Work, "stage" | "model">>;
type Kind = (basis: Basis, stage: Stage, model: QwenSize | EncoderSize) => Done | undefined;

/** Every kind of stage that is reckoned. */
export const KINDS: Readonly<Record<string, Kind>> = {
  cot: ofLanguageModel(chainWork),
  triplets: ({ data }, _, model) => {
    if (!("picture" in model)) return undefined;
    const pictures = sum(data, ({ train }) => train);
    return { what: `${grouped(pictures)} pictures`, forward: pictures * encoding(model.picture) };
  },
  sft: ofLanguageModel(sftWork),
  rl: ofLanguageModel(rlWork),
  answers: (basis, stage, model) => ("picture" in model ? chosen(basis, model) : answersWork(basis, stage, model)),
  similarity: ({ data }, _, model) => {
    if (!("text" in model)) return undefined;
    const texts = 3 * sum(data, ({ test }) => test); // answer, truth and super-category
    return { what: `${grouped(texts)} texts at most`, forward: texts * encoding(model.text) };
  },
  states: ofLanguageModel(({ data }, _, size) => {
    const pictures = sum(data, ({ train, test }) => train + test);
    const forward = sum(
      data,
      (domain) => (domain.train + domain.test) * prefill(size, { ...pictureOf(size, domain), text: 0 }),
    );
    return { what: `${grouped(pictures)} pictures`, forward };
  }),
  separability: ofLanguageModel(({ data, assumed }, _, size) => {
    const pairs = sum(data, ({ seen, unseen }) => 2 * (seen + unseen));
    const text = 2 * assumed.template;
    const forward = sum(
      data,
      (domain) => 2 * (domain.seen + domain.unseen) * prefill(size, { ...pictureOf(size, domain), text }),
    );
    return { what: `${grouped(pairs)} pairs`, forward };
  }),
  probe: () => ({ what: "on the CPU" }),
  taxonomy: () => ({ what: "on the CPU" }),
  changes: () => ({ what: "on the CPU" }),
};

/** What a language model does; of an encoder it is not reckoned. */
function ofLanguageModel(of: (basis: Basis, stage: Stage, size: QwenSize) => Done | undefined): Kind {
  return (basis, stage, model) => ("config" in model ? of(basis, stage, model) : undefined);
}

/** Answers to `questions` questions of a domain each, `samples` of them to one prompt. */
function written(
  { data }: Basis,
  size: QwenSize,
  how: {
    readonly questions: (domain: DomainSize) => number;
    readonly text: (domain: DomainSize) => number;
    readonly answer: number;
    readonly samples?: number;
    readonly due?: number;
  },
): Pick<Work, "forward" | "decoding"> & Required<Pick<Work, "writes">> {
  const { questions, text, answer, samples = 1 } = how;
  const prompts = sum(data, questions);
  const of = (domain: DomainSize) => ({ ...pictureOf(size, domain), text: text(domain) });
  const answers = samples * prompts;
  return {
    forward: sum(data, (domain) => questions(domain) * prefill(size, of(domain))),
    decoding: sum(data, (domain) => samples * questions(domain) * decode(size, of(domain), answer)),
    writes: {
      answers,
      due: Math.min(how.due ?? answers, answers),
      prompt: prompts === 0 ? 0 : sum(data, (domain) => questions(domain) * promptTokens(size, of(domain))) / prompts,
      answer,
    },
  };
}

/** §4.2: several descriptions of a picture, then chains until one is accepted. */
function chainWork(basis: Basis, stage: Stage, size: QwenSize): Done {
  const { profile, assumed } = basis;
  const { descriptions, maxAttempts } = profile.cot;
  const attempts = Math.min(assumed.attempts, maxAttempts);
  const pictures = (domain: DomainSize): number => chainsOf(stage, domain);
  const described = written(basis, size, {
    questions: (domain) => descriptions * pictures(domain), // each with an emphasis of its own, so a prompt of its own
    text: () => assumed.template + assumed.descriptions / 2,
    answer: assumed.descriptions,
  });
  const text = (): number => assumed.template + COT_TEMPLATE.length / assumed.letters + assumed.descriptions;
  const reasoned = written(basis, size, { questions: pictures, text, answer: assumed.chain, samples: attempts });
  const all = sum(basis.data, pictures);
  return {
    what: `${grouped(all)} pictures × (${descriptions} descriptions + ${attempts} chains)`,
    forward: described.forward + reasoned.forward,
    decoding: described.decoding + reasoned.decoding,
    writes: {
      ...reasoned.writes,
      answers: reasoned.writes.answers + (described.writes.answers * assumed.descriptions) / assumed.chain,
    },
  };
}

const chainNeeds = z.object({ everyNthClass: z.number(), imagesPerClass: z.number() });

/** Pictures of a domain that a stage of chains writes one for. */
function chainsOf({ inputs }: Stage, { seen, train }: DomainSize): number {
  const { everyNthClass, imagesPerClass } = chainNeeds.parse(inputs);
  return Math.ceil(seen / everyNthClass) * Math.min(imagesPerClass, seen === 0 ? 0 : train / seen);
}

const sftNeeds = z.object({
  examples: z.union([z.literal("labels"), refSchema]),
  share: z.number().optional(),
  epochs: z.number(),
  batchSize: z.number(),
  microBatchSize: z.number(),
  train: trainablePartsSchema,
});

/** Stage 1, or SFT on names. */
function sftWork(basis: Basis, stage: Stage, size: QwenSize): Done {
  const { profile, data, assumed } = basis;
  const { examples, share = 1, epochs, batchSize, microBatchSize, train: parts } = sftNeeds.parse(stage.inputs);
  const labels = examples === "labels";
  const chains = stage.needs.find(({ kind }) => kind.kind === "cot");
  const answer = labels ? assumed.name : chainTokens(basis, profile.rl.maxNewTokens);
  const of = (domain: DomainSize): number =>
    share * (chains === undefined ? domain.train : assumed.accepted * chainsOf(chains, domain));
  const sequence = (domain: DomainSize) => ({
    ...pictureOf(size, domain),
    ...{ text: tokensOf(basis, domain, "sft"), answer, logits: answer },
  });
  const all = Math.round(sum(data, of));
  const steps = epochs * Math.max(1, Math.ceil(all / batchSize));
  const tokens = mean(data, of, (domain) => promptTokens(size, sequence(domain)) + answer);
  return {
    what: `${grouped(all)} ${labels ? "names" : "chains"} × ${epochs} epochs, ${steps} steps`,
    training: epochs * sum(data, (domain) => of(domain) * training(size, sequence(domain), parts)),
    trains: { parts, tokens, together: microBatchSize },
  };
}

/** Stage 2: rollouts of both pictures, scores that stay as they are, updates. */
function rlWork(basis: Basis, stage: Stage, size: QwenSize): Done {
  const { data, assumed } = basis;
  const options = rlInputsSchema.parse(stage.inputs);
  const { n1, n2, promptsPerRollout, promptsPerUpdate, objective, train: parts } = options;
  const steps = tapoSteps(
    sum(data, ({ train }) => train),
    options,
  );
  const groups = steps * promptsPerUpdate;
  const sampled = groups / (options.dynamicSampling ? assumed.kept : 1);
  const most = options.maxNewTokens;
  const answer = options.thinking ? chainTokens(basis, most) : Math.min(assumed.name, most);
  const text = (domain: DomainSize): number => tokensOf(basis, domain, "tapo");
  const share = ({ train }: DomainSize): number => train / sum(data, (domain) => domain.train);
  const pictures = Number(n1 > 0) + Number(n2 > 0);
  const rollouts = written(basis, size, {
    questions: (domain) => pictures * sampled * share(domain), // a prompt is read once for all its answers
    ...{ text, answer, samples: (n1 + n2) / pictures, due: promptsPerRollout * (n1 + n2) },
  });
  const sequence = (domain: DomainSize) => ({ ...pictureOf(size, domain), text: text(domain), answer, logits: answer });
  const perRollout = (cost: (domain: DomainSize) => number): number =>
    groups * (n1 + n2) * sum(data, (domain) => share(domain) * cost(domain));
  const constant = usesNegative(objective) && !objective.negativeGradient;
  const scored = Number(promptsPerRollout > promptsPerUpdate) + Number(constant) + Number(usesReference(objective));
  const passes = usesNegative(objective) && objective.negativeGradient ? 2 : 1;
  return {
    what: `${steps} steps × ${promptsPerUpdate} questions × (${n1} + ${n2}) answers`,
    forward: rollouts.forward + scored * perRollout((domain) => scoring(size, sequence(domain), answer)),
    decoding: rollouts.decoding,
    training: passes * perRollout((domain) => training(size, sequence(domain), parts)),
    writes: rollouts.writes,
    trains: {
      parts,
      together: passes * options.microBatchSize,
      tokens: mean(data, share, (domain) => promptTokens(size, sequence(domain)) + answer),
    },
  };
}

const answersNeeds = z.object({
  setting: z.enum(["open", "closed"]),
  thinking: z.boolean(),
  maxNewTokens: z.number(),
  strategy: z.unknown().optional(),
});

function answersWork(basis: Basis, stage: Stage, size: QwenSize): Done | undefined {
  const { setting, thinking, maxNewTokens, strategy } = answersNeeds.parse(stage.inputs);
  if (strategy === "inContext") return undefined; // as many pictures as candidates that have some
  const answer = thinking ? chainTokens(basis, maxNewTokens) : Math.min(basis.assumed.name, maxNewTokens);
  const text = (domain: DomainSize): number => tokensOf(basis, domain, setting);
  const own = written(basis, size, { questions: ({ test }) => test, text, answer });
  return { what: `${grouped(own.writes.answers)} questions`, ...own };
}

/** An encoder reads each picture once, and each name that is an option. */
function chosen({ data }: Basis, { picture, text }: EncoderSize): Done {
  const pictures = sum(data, ({ test }) => test);
  const names = sum(data, ({ seen, unseen }) => seen + unseen);
  const what = `${grouped(pictures)} pictures, ${grouped(names)} names`;
  return { what, forward: pictures * encoding(picture) + names * encoding(text) };
}

function chainTokens({ assumed }: Basis, most: number): number {
  return Math.min(assumed.chain, most);
}

/** Tokens of a question: counted by the base's tokenizer where it is there, else by letters. */
function tokensOf({ profile, assumed }: Basis, { texts }: DomainSize, which: keyof Texts): number {
  const counted = isThere(profile.base) ? vocabularyOf(profile.base)?.encode(texts[which]).length : undefined;
  return assumed.template + (counted ?? Math.ceil(texts[which].length / assumed.letters));
}

function pictureOf(size: QwenSize, domain: DomainSize): { readonly grid: Grid } {
  return { grid: gridOf(domain, size) };
}

function sum({ domains }: DataSize, of: (domain: DomainSize) => number): number {
  return domains.reduce((all, domain) => all + of(domain), 0);
}

function mean(data: DataSize, weight: (domain: DomainSize) => number, of: (domain: DomainSize) => number): number {
  const all = sum(data, weight);
  return all === 0 ? 0 : sum(data, (domain) => weight(domain) * of(domain)) / all;
}

/** 35566 as "35,566". */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}
