import * as z from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { JsonlFile, readJsonl } from "../core/files";
import { answerOf } from "./judge";

/**
 * What was said to one question, as it was said. Nothing here is judged: every metric (eval/metrics) is a pure function of
 * answers, so that a new one needs no new asking.
 */
export type Answer = Readonly<z.infer<typeof answerSchema>>;

const answerSchema = z.strictObject({
  /** The question's id; of one method, seed and setting there is one answer to each. */
  id: z.string(),
  /** The picture's id: in released sets its path. */
  image: z.string(),
  /** The dataset's super-category: the column of the tables. */
  domain: z.string(),
  /** Whether the class is a seen one. */
  seen: z.boolean(),
  /** The true name. */
  truth: z.string(),
  /** The options as they were shown; null in the open world. */
  options: z.array(z.string()).readonly().nullable(),
  /** All that was said, tags included; of an encoder, the name it chose. */
  output: z.string(),
  /** Tokens of the output; 0 of an encoder. */
  tokens: z.int().min(0),
  /** "length": the output was cut; "chosen": it is no text but one of the options, chosen by an encoder. */
  finish: z.enum(["stop", "length", "chosen"]),
  /** Why a server gave no more of it, or nothing, in its own word. */
  withheld: z.string().optional(),
});

/** The name that was answered, or null. @param how.thinking whether the question asked for reasoning before the answer */
export function saidIn({ output, finish }: Answer, { thinking }: { readonly thinking: boolean }): string | null {
  return finish === "chosen" ? output : answerOf(output, thinking);
}

/** What the answers of a file have in common; a file is only ever continued under the same settings. */
export type AskingSettings = Readonly<Record<string, string | number | boolean | null>>;

const headSchema = z.strictObject({
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
/** Whatever is kept as an answer: of one file there is one to each question. */
interface Identified {
  readonly id: string;
}
type Line<A> = z.infer<typeof headSchema> | { readonly answer: A };

/** Reads the lines of one file in order: the settings first, then answers, none to the same question twice. */
function lineReader<A extends Identified>(schema: z.ZodType<A>): (value: unknown) => Line<A> {
  const [parseHead, parseLine] = [parserOf(headSchema), parserOf(z.strictObject({ answer: schema }))];
  const ids = new Set<string>();
  let first = true;
  return (value) => {
    if (first) {
      first = false;
      return parseHead(value);
    }
    const line = parseLine(value);
    if (ids.has(line.answer.id)) throw new TypeError(`it answers "${line.answer.id}" a second time`);
    ids.add(line.answer.id);
    return line;
  };
}

/** The answers of a file, in its order. @throws LabError that names the line which is cut short, repeated or of another kind */
export function readAnswers(file: string): Answer[] {
  return answersOf(readJsonl(file, lineReader(answerSchema)));
}

function answersOf<A>(lines: readonly Line<A>[]): A[] {
  return lines.flatMap((line) => ("answer" in line ? [line.answer] : []));
}

/** Answers on disk: the settings first, then one line per answer, appended as they come. */
export interface AnswerStore<A = Answer> {
  /** Answers that were there already, by id. */
  readonly done: ReadonlyMap<string, A>;
  append(answer: A): void;
  close(): void;
}

/**
 * Opens a file of answers, or begins it. A last line that a kill cut short is dropped.
 * @throws LabError when the file was written under other settings, or holds something else
 */
export function openAnswers(file: string, settings: AskingSettings): AnswerStore {
  return openAnswersOf(answerSchema, file, settings);
}

/** The same for answers of another form. */
export function openAnswersOf<A extends Identified>(
  schema: z.ZodType<A>,
  file: string,
  settings: AskingSettings,
): AnswerStore<A> {
  const lines = JsonlFile.open<Line<A>>(file, lineReader(schema));
  try {
    const head = lines.existing[0];
    if (head === undefined) lines.append({ settings: { ...settings } });
    else requireSame(file, "settings" in head ? head.settings : {}, settings);
  } catch (error) {
    lines.close();
    throw error;
  }
  return {
    done: new Map(answersOf(lines.existing).map((answer) => [answer.id, answer])),
    append: (answer) => {
      lines.append({ answer });
    },
    close: () => {
      lines.close();
    },
  };
}

function requireSame(file: string, before: AskingSettings, now: AskingSettings): void {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = keys.filter((key) => before[key] !== now[key]);
  if (changed.length === 0) return;
  const list = changed.map((key) => `${key}: ${String(before[key])} → ${String(now[key])}`).join("; ");
  throw new LabError(
    `holds answers that were asked for under other settings (${list})`,
    "Give these answers a file of their own, or remove the old one.",
    { subject: file },
  );
}
