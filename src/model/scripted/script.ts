import { z } from "zod";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import type { Prompt } from "../contract";

/** One answer of a scripted model. */
export interface ScriptedAnswer {
  readonly text: string;
  /** Its probability; what is left out shares equally what the others leave of 1. */
  readonly probability?: number;
}

/** What a scripted model says: a distribution over answers for each prompt. */
export type Script = (prompt: Prompt) => readonly ScriptedAnswer[];

const answers = z
  .array(z.strictObject({ text: z.string(), probability: z.number().positive().max(1).optional() }))
  .min(1);
const schema = z.strictObject({
  rules: z.array(z.strictObject({ contains: z.string().min(1), answers })),
  otherwise: answers,
});

/**
 * A script from JSON: `{ rules: [{ contains, answers: [{ text, probability? }] }], otherwise: answers }`. The first rule
 * whose text stands in the last message decides.
 * @throws LabError naming the key that is wrong
 */
export function parseScript(json: unknown, subject = "script"): Script {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new LabError(
      `"${issue?.path.join(".") ?? ""}" cannot be used (${issue?.message ?? "unknown"})`,
      "Write { rules: [{ contains, answers: [{ text, probability? }] }], otherwise: [{ text }] }.",
      { subject },
    );
  }
  const { rules, otherwise } = parsed.data;
  return (prompt) => {
    const last = prompt.messages.at(-1)?.content ?? "";
    const chosen = rules.find(({ contains }) => last.includes(contains))?.answers ?? otherwise;
    return chosen.map(({ text, probability }) => (probability === undefined ? { text } : { text, probability }));
  };
}

/** Reads a script file. @throws LabError naming the file */
export function readScript(file: string): Script {
  return parseScript(readJson(file), file);
}

/**
 * The probabilities of some answers, in order; they sum to 1.
 * @throws LabError when there are none, or those given exceed 1 or leave nothing for those without
 */
export function answerProbabilities(given: readonly ScriptedAnswer[]): number[] {
  const open = given.filter(({ probability }) => probability === undefined).length;
  const taken = given.reduce((sum, { probability }) => sum + (probability ?? 0), 0);
  const left = 1 - taken;
  if (given.length === 0 || left < -1e-9 || (open > 0 && left <= 0) || (open === 0 && left > 1e-9)) {
    throw new LabError(
      `the answers' probabilities sum to ${taken}`,
      "Let them sum to 1, or leave out those that share the rest.",
      { subject: "script" },
    );
  }
  return given.map(({ probability }) => probability ?? left / open);
}
