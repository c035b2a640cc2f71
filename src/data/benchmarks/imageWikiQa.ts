import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../../config/stored";
import { readUsableJsonl } from "../../core/files";
import type { GeneralQuestion } from "../questions";
import { benchmarkDataset, fileReader, fingerprintOf, firstThere, pictureIn, type BenchmarkReader } from "./benchmark";

const parseLine = parserOf(
  z.looseObject({
    image: z.string().min(1),
    /** The question, four options in lines of their own, and "Choose A, B, C, or D." */
    text: z.string().transform((text) => text.replaceAll("\r\n", "\n")).pipe(z.string().regex(/^[^\n]+\nA\. [^\n]+\nB\. [^\n]+\nC\. [^\n]+\nD\. [^\n]+\n/u)), // prettier-ignore
    label: z.enum(["A", "B", "C", "D"]),
  }),
);

/**
 * ImageWikiQA (Zhang et al., 2024): a line of JSON for each question about a picture of an ImageNet class, whose article in Wikipedia has
 * the answer. The pictures lie beside the lines, or in the folder above.
 */
export const imageWikiQa: BenchmarkReader = {
  form: "imagewikiqa:FOLDER with imagewikiqa.jsonl and images/",
  fingerprint: (where) => contentOf(where).fingerprint,
  open: (where) => Promise.resolve(benchmarkDataset(contentOf(where))),
};

function contentOf(where: string) {
  const file = firstThere(
    where,
    ["imagewikiqa.jsonl", path.join("data", "imagewikiqa.jsonl")].map((name) => path.join(where, name)),
    "Its authors publish it as data/imagewikiqa.jsonl of github.com/yuhui-zh15/VLMClassifier, and say there where the pictures are.",
  );
  const read = fileReader();
  const pictures = new Set<string>();
  const { usable: questions, malformed } = readUsableJsonl(file, (value, line): GeneralQuestion => {
    const { image, text, label } = parseLine(value);
    const picture = pictureIn([path.dirname(file), where], [image]);
    pictures.add(picture);
    const options = text.split("\n").slice(1, 5).map((option) => option.slice(3)); // prettier-ignore
    return {
      ...{ id: String(line), kind: "imagewikiqa", domain: "object", seen: null, load: read(picture) },
      ...{ user: `<image>${text}`, truth: label, choice: { rule: "lastLetter", options } },
    };
  });
  const skipped = malformed.map(({ line, reason }) => ({ file: `${path.basename(file)}, line ${line}`, reason }));
  return {
    ...({ name: "imagewikiqa", where, questions, skipped, pictures: pictures.size } as const),
    fingerprint: fingerprintOf("imagewikiqa", [file], [...pictures]),
    kinds: [{ name: "imagewikiqa", title: "ImageWikiQA", need: "recognition" }] as const,
  };
}
