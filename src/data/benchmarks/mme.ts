import * as path from "node:path";
import { LabError } from "../../core/errors";
import { namesIn, readText } from "../../core/files";
import { isFolder } from "../../core/folders";
import type { GeneralQuestion } from "../questions";
import { benchmarkDataset, fileReader, fingerprintOf, type BenchmarkReader, type Unusable } from "./benchmark";

/** MME's subtasks (Fu et al., 2023), the domain that the sum of each belongs to. */
export const MME_SUBTASKS = {
  perception: [
    "existence",
    "count",
    "position",
    "color",
    "posters",
    "celebrity",
    "scene",
    "landmark",
    "artwork",
    "OCR",
  ],
  cognition: ["commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning"],
} as const;

const SUBTASKS = Object.entries(MME_SUBTASKS).flatMap(([domain, names]) => names.map((name) => ({ domain, name })));

/** A picture of a subtask, and the file with its two questions; one of the two may be missing. */
interface Pair {
  readonly domain: string;
  readonly subtask: string;
  readonly stem: string;
  readonly text: string | undefined;
  readonly picture: string | undefined;
}

/**
 * MME: a folder for each of fourteen subtasks; in it, or in its `images/` and `questions_answers_YN/`, a picture and a text of the same name,
 * two lines of a question, a tab, and Yes or No. A picture whose two questions cannot both be used is left out, as its score needs both.
 */
export const mme: BenchmarkReader = {
  form: "mme:FOLDER of MME's subtasks (existence, count, …)",
  fingerprint: (where) => fingerprintIn(pairsIn(where)),
  open: (where) => {
    const pairs = pairsIn(where);
    const read = fileReader();
    const skipped: Unusable[] = [];
    const questions = pairs.flatMap((pair) => questionsOf(pair, read, where, skipped));
    const missing = SUBTASKS.filter(({ name }) => !questions.some(({ kind }) => kind === name));
    return Promise.resolve(
      benchmarkDataset({
        ...{ name: "mme", where, fingerprint: fingerprintIn(pairs), questions, skipped },
        kinds: SUBTASKS.map(({ name }) => ({ name, title: name.replaceAll("_", " "), need: "reading" })),
        pictures: pairs.filter(({ text, picture }) => text !== undefined && picture !== undefined).length,
        notes: missing.length === 0 ? [] : [`Without the subtasks ${missing.map(({ name }) => name).join(", ")}, sums are lower than those of others.`], // prettier-ignore
      }),
    );
  },
};

/** Files of all subtasks are called alike, such as images/1.jpg: the subtask of each counts, and which texts have a picture. */
function fingerprintIn(pairs: readonly Pair[]): string {
  const places = pairs.map(({ subtask, stem, text, picture }) => [subtask, stem, text !== undefined, picture !== undefined]); // prettier-ignore
  return fingerprintOf("mme", pairs.flatMap(({ text }) => text ?? []), pairs.flatMap(({ picture }) => picture ?? []), places); // prettier-ignore
}

function pairsIn(where: string): Pair[] {
  const roots = ["", "MME_Benchmark", path.join("MME_Benchmark_release_version", "MME_Benchmark"), "MME_Benchmark_release_version"]; // prettier-ignore
  const root = roots.map((each) => path.join(where, each)).find((each) => SUBTASKS.some(({ name }) => isFolder(path.join(each, name)))); // prettier-ignore
  if (root !== undefined) return SUBTASKS.flatMap(({ domain, name }) => pairsOf(path.join(root, name), domain, name));
  throw new LabError(
    "holds no folder of a subtask of MME, such as existence",
    "Give the folder MME_Benchmark of MME_Benchmark_release_version, which its authors give out (github.com/BradyFU/Awesome-Multimodal-Large-Language-Models).",
    { subject: where },
  );
}

function pairsOf(folder: string, domain: string, subtask: string): Pair[] {
  if (!isFolder(folder)) return [];
  const [images, texts] = ["images", "questions_answers_YN"].map((name) => path.join(folder, name));
  const apart = images !== undefined && texts !== undefined && isFolder(images) && isFolder(texts);
  const [inImages, inTexts] = apart ? [images, texts] : [folder, folder];
  const filesIn = (place: string, ending: RegExp): Map<string, string> =>
    new Map(namesIn(place).filter((name) => ending.test(name)).sort().map((name) => [path.parse(name).name, path.join(place, name)])); // prettier-ignore
  const [pictures, questions] = [filesIn(inImages, /\.(jpe?g|png)$/iu), filesIn(inTexts, /\.txt$/iu)];
  const stems = [...new Set([...questions.keys(), ...pictures.keys()])];
  return stems.map((stem) => ({ domain, subtask, stem, text: questions.get(stem), picture: pictures.get(stem) }));
}

function questionsOf(
  { domain, subtask, stem, text, picture }: Pair,
  read: ReturnType<typeof fileReader>,
  where: string,
  skipped: Unusable[],
): GeneralQuestion[] {
  const file = path.relative(where, text ?? picture ?? "");
  const skip = (reason: string, line?: number): void => {
    skipped.push({ file: line === undefined ? file : `${file}, line ${line}`, reason });
  };
  if (picture === undefined || text === undefined) {
    skip(picture === undefined ? "its picture is not there" : "has no text of its name with two questions");
    return [];
  }
  const load = read(picture);
  const all = linesOf(text, skip);
  if (all === undefined) return [];
  let lines = 0;
  const found = all.flatMap((one, index): GeneralQuestion[] => {
    if (one.trim() === "") return [];
    lines++;
    const [question = "", answer = "", ...more] = one.trim().split("\t");
    const truth = answer.trim().toLowerCase();
    if (more.length === 0 && question !== "" && (truth === "yes" || truth === "no")) {
      const group = `${subtask}/${stem}`;
      const choice = { rule: "yesNo", options: ["yes", "no"] } as const;
      return [{ id: `${group}/${index + 1}`, kind: subtask, domain, seen: null, load, user: `<image>${question}`, truth, choice, group }]; // prettier-ignore
    }
    skip("is not a question, a tab, and Yes or No", index + 1);
    return [];
  });
  if (found.length === 2) return found;
  if (found.length === lines) skip(`has ${lines} questions where two belong to a picture`);
  return [];
}

function linesOf(text: string, skip: (reason: string) => void): string[] | undefined {
  try {
    return readText(text).split("\n");
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    skip(error.reason);
    return undefined;
  }
}
