import { optionLetters, type GeneralQuestion } from "../questions";
import {
  benchmarkDataset,
  choiceText,
  fingerprintOf,
  firstThere,
  type BenchmarkReader,
  type Unusable,
} from "./benchmark";
import { readChoiceTsv, type TsvQuestion } from "./choiceTsv";

/** MMBench writes the index of a question whose options are turned on as its own and so many millions. */
const TURN = 1_000_000;

/**
 * MMBench (Liu et al., 2024): a TSV, in which each question stands as often as it has options, turned on by one each time; it counts as right
 * where it is answered right in each order (circular evaluation). A file without the turned rows gets them here.
 */
export const mmbench: BenchmarkReader = {
  form: "mmbench:FILE, such as MMBench_DEV_EN.tsv",
  fingerprint: (where) => fingerprintOf("mmbench", [there(where)]),
  open: async (where, context) => {
    const { questions: rows, skipped, pictures } = await readChoiceTsv(there(where), context);
    const turned = rows.some(({ index }) => index >= TURN);
    const all = turned ? rows : rows.flatMap(turnsOf);
    const whole = new Set(rows.flatMap(({ index }) => (index < TURN ? [index] : [])));
    const questions = all.filter(({ index }) => whole.has(index % TURN)).sort(byCircle).map(questionOf); // prettier-ignore
    const kinds = [...new Set(questions.map(({ kind }) => kind))].sort();
    return benchmarkDataset({
      ...{ name: "mmbench", where, fingerprint: fingerprintOf("mmbench", [where]), questions, pictures },
      kinds: kinds.map((name) => ({ name, title: name.replaceAll("_", " "), need: "reading" })),
      skipped: [...skipped, ...strays(all, whole)],
      notes: turned ? shortCircles(questions) : ["The file has each question once: its options were turned on here for circular evaluation."], // prettier-ignore
    });
  },
};

function there(where: string): string {
  return firstThere(where, [where], "OpenCompass publishes it: github.com/open-compass/MMBench.");
}

function questionOf({ index, question, options, answer, hint, category, ability, load }: TsvQuestion): GeneralQuestion {
  const kind = ability || category || "mmbench";
  return {
    ...{ id: String(index), kind, domain: category || kind, seen: null, load, truth: answer },
    ...{ user: `<image>${choiceText({ question, options, hint })}`, choice: { rule: "letter", options } },
    group: String(index % TURN),
  };
}

/** The turns of a question one after the other, so that its picture is read once. */
function byCircle(a: TsvQuestion, b: TsvQuestion): number {
  return (a.index % TURN) - (b.index % TURN) || a.index - b.index;
}

function strays(rows: readonly TsvQuestion[], whole: ReadonlySet<number>): Unusable[] {
  const left = rows.filter(({ index }) => !whole.has(index % TURN));
  return left.map(({ index }) => ({ file: `index ${index}`, reason: "is a turn of a question that is not there" }));
}

function shortCircles(questions: readonly GeneralQuestion[]): string[] {
  const turns = new Map<string, number>();
  for (const { group = "" } of questions) turns.set(group, (turns.get(group) ?? 0) + 1);
  const short = new Set(questions.flatMap(({ group = "", choice }) => ((turns.get(group) ?? 0) < (choice?.options.length ?? 0) ? [group] : []))); // prettier-ignore
  if (short.size === 0) return [];
  return [`${short.size} questions stand there in fewer orders than they have options, and are easier for it.`];
}

/** A question with its options in each circular order. */
function turnsOf(row: TsvQuestion): TsvQuestion[] {
  const { options, answer, index } = row;
  const letters = optionLetters(options);
  const right = letters.indexOf(answer);
  return options.map((_, turn) => ({
    ...row,
    index: index + turn * TURN,
    options: [...options.slice(turn), ...options.slice(0, turn)],
    answer: letters[(right - turn + options.length) % options.length] ?? answer,
  }));
}
