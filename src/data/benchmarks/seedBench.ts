import * as path from "node:path";
import { z } from "zod";
import { parserOf, readStored } from "../../config/stored";
import { messageOf } from "../../core/errors";
import { isFolder } from "../../core/folders";
import type { Dataset } from "../dataset";
import type { GeneralQuestion, QuestionKind } from "../questions";
import { benchmarkDataset, choiceText, fileReader, fingerprintOf, firstThere, pictureIn, type BenchmarkContent, type BenchmarkReader, type Unusable } from "./benchmark"; // prettier-ignore
import { readChoiceTsv } from "./choiceTsv";

/** SEED-Bench's nine dimensions of pictures (Li et al., 2023), by `question_type_id` from 1; 10 to 12 are about videos. */
const DIMENSIONS = [
  "Scene Understanding",
  "Instance Identity",
  "Instance Attributes",
  "Instance Location",
  "Instances Counting",
  "Spatial Relation",
  "Instance Interaction",
  "Visual Reasoning",
  "Text Understanding",
] as const;

const fileSchema = z.looseObject({ questions: z.array(z.unknown()) });
const text = z.string().min(1);
const textOrNumber = z.union([text, z.number()]).transform(String);
const questionSchema = z.looseObject({
  question_id: textOrNumber,
  question_type_id: z.int().min(1).max(12),
  data_type: z.enum(["image", "video"]),
  data_id: text,
  question: text,
  choice_a: textOrNumber,
  choice_b: textOrNumber,
  choice_c: textOrNumber,
  choice_d: textOrNumber,
  answer: z.enum(["A", "B", "C", "D"]),
});

/**
 * SEED-Bench: its authors' SEED-Bench.json with the pictures beside it, or VLMEvalKit's SEEDBench_IMG.tsv. Of the former the questions about
 * videos, whose frames come from elsewhere, are left out and counted. Answers are letters, as VLMEvalKit has it; the authors' own tool, which
 * ranks the options by how likely they are, asks a model for what few servers give.
 */
export const seedBench: BenchmarkReader = {
  form: "seedbench:FOLDER with SEED-Bench.json and SEED-Bench-image/, or seedbench:SEEDBench_IMG.tsv",
  fingerprint: (where) => (isFolder(where) ? contentOf(where).fingerprint : fingerprintOf("seedbench", [there(where)])),
  open: async (where, context) => {
    if (isFolder(where)) return benchmarkDataset(contentOf(where));
    return openTsv(there(where), context);
  },
};

const PUBLISHED = "Its authors publish it: huggingface.co/datasets/AILab-CVC/SEED-Bench; VLMEvalKit has it as a TSV.";

function there(where: string): string {
  return firstThere(where, [where], PUBLISHED);
}

async function openTsv(file: string, context: Parameters<typeof readChoiceTsv>[1]): Promise<Dataset> {
  const { questions: rows, ...rest } = await readChoiceTsv(file, context);
  const questions = rows.map(({ index, category, question, options, hint, answer, load }): GeneralQuestion => {
    const kind = category || "seedbench";
    return {
      ...{ id: String(index), kind, domain: kind, seen: null, load, truth: answer },
      ...{ user: `<image>${choiceText({ question, options, hint })}`, choice: { rule: "letter", options } },
    };
  });
  const kinds = [...new Set(questions.map(({ kind }) => kind))].sort().map(kindOf);
  return benchmarkDataset({ name: "seedbench", where: file, fingerprint: fingerprintOf("seedbench", [file]), questions, kinds, ...rest }); // prettier-ignore
}

function kindOf(name: string): QuestionKind {
  return { name, title: name.replaceAll("_", " "), need: "reading" };
}

function contentOf(where: string): BenchmarkContent {
  const file = firstThere(where, [path.join(where, "SEED-Bench.json")], PUBLISHED);
  const parsed = readStored(file, fileSchema, "SEED-Bench.json", "Get it again from its authors.");
  const read = fileReader();
  const skipped: Unusable[] = [];
  const pictures = new Set<string>();
  const folder = ["SEED-Bench-image", "seed_bench_image"].map((name) => path.join(where, name)).find(isFolder) ?? where; // prettier-ignore
  const parse = parserOf(questionSchema);
  const ids = new Set<string>();
  let videos = 0;
  const questions = parsed.questions.flatMap((value, place): GeneralQuestion[] => {
    try {
      const one = parse(value);
      if (one.data_type === "video") {
        videos++;
        return [];
      }
      const id = one.question_id;
      const picture = pictureIn([folder], [one.data_id, `${one.data_id}.jpg`, `${one.data_id}.png`]);
      if (ids.has(id)) throw new Error(`an earlier question has its question_id ${id}`);
      const options = [one.choice_a, one.choice_b, one.choice_c, one.choice_d];
      const kind = DIMENSIONS[one.question_type_id - 1];
      if (kind === undefined) throw new Error(`is about a picture, but of dimension ${one.question_type_id}, which is one of videos`); // prettier-ignore
      ids.add(id);
      pictures.add(picture);
      return [{
        ...{ id, kind, domain: kind, seen: null, load: read(picture), truth: one.answer },
        ...{ user: `<image>${choiceText({ question: one.question, options })}`, choice: { rule: "letter", options } },
      }]; // prettier-ignore
    } catch (error) {
      skipped.push({ file: `${path.basename(file)}, question ${place + 1}`, reason: messageOf(error) });
      return [];
    }
  });
  return {
    ...{ name: "seedbench", where, questions, skipped, pictures: pictures.size },
    fingerprint: fingerprintOf("seedbench", [file], [...pictures]),
    kinds: DIMENSIONS.map(kindOf),
    notes: videos === 0 ? [] : [`${videos} questions about videos (dimensions 10 to 12) are left out.`],
  };
}
