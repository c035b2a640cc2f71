import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../../config/load";
import type { RgbImage } from "../../core/image";
import { LabError } from "../../core/errors";
import { buildTrainingPrompt, openQuestion, promptText, type PromptSet } from "../../data/prompts";
import type { Dataset } from "../../data/dataset";
import type { LabelledImage } from "../../data/types";
import type { SetSettings } from "../../data/sets/open";
import { absentData, lackingData, openDataset, optionsOfSets } from "../datasets";

/** One super-category, as far as arithmetic goes. */
export interface DomainSize {
  readonly name: string;
  readonly seen: number;
  readonly unseen: number;
  /** Training pictures, and test pictures of both splits. */
  readonly train: number;
  readonly test: number;
  /** A picture's usual size in pixels. */
  readonly width: number;
  readonly height: number;
  /** A question about a picture in each wording that a stage uses, and the template's answer. */
  readonly texts: Texts;
}

/** What a model reads beside the picture. */
export interface Texts {
  readonly closed: string;
  readonly open: string;
  readonly sft: string;
  readonly tapo: string;
}

/** A dataset, as far as arithmetic goes. */
export interface DataSize {
  readonly name: string;
  /** Whether it was counted where it lies; else it is what its authors publish. */
  readonly counted: boolean;
  /** Where some of it is there and not counted, what is not. */
  readonly lacks?: string | undefined;
  readonly domains: readonly DomainSize[];
}

const count = z.int().min(1);
const setsSchema = z.record(
  z.string(),
  z.strictObject({ classes: count, test: count, width: count, height: count, name: z.string() }),
);

/** Pictures of a domain whose size is looked at. */
const LOOKED_AT = 8;

/**
 * The sizes of a profile's dataset: counted where it is there, and of the six sets what their authors publish where they are not all there.
 * @throws LabError when another dataset is not there, and what opening one says
 */
export async function sizeOfData(spec: string, set: PromptSet): Promise<DataSize> {
  const settings = optionsOfSets(spec);
  const lacking = settings === undefined ? undefined : await lackingData(spec);
  if (settings !== undefined && lacking !== undefined) return { ...publishedSets(settings, set), lacks: lacking.part };
  const absent = absentData(spec);
  if (absent === undefined) return sizeOfDataset(await openDataset(spec), set);
  throw new LabError("is not there", "Put the pictures there, or name another dataset.", { subject: absent });
}

/** §5.1: "4-shot data per seen category", "randomly select 60% of the categories as seen": the defaults of the options. */
function publishedSets(settings: SetSettings, set: PromptSet): DataSize {
  const { shots, seenFraction, testPerClass = Infinity } = settings;
  const sets = loadConfig(path.join(ROOT, "configs", "plan", "sets.yaml"), setsSchema);
  const domains = Object.entries(sets).map(([superCategory, { classes, width, height, name, ...all }]): DomainSize => {
    const seen = Math.round(seenFraction * classes);
    const test = Math.min(all.test, testPerClass * classes);
    const subCategory = { id: name, name, superCategory, seen: true };
    const texts = textsOf(
      set,
      superCategory,
      openQuestion(set, { id: name, subCategory }),
      Array<string>(4).fill(name),
    );
    return { name: superCategory, seen, unseen: classes - seen, train: shots * seen, test, width, height, texts };
  });
  return { name: "the six sets, as published", counted: false, domains };
}

async function sizeOfDataset(dataset: Dataset, set: PromptSet): Promise<DataSize> {
  const names = [...new Set(dataset.subCategories.map(({ superCategory }) => superCategory))];
  const items = [...dataset.test("seen"), ...dataset.test("unseen")];
  const domains = await Promise.all(
    names.map(async (name): Promise<DomainSize> => {
      const of = (image: Pick<LabelledImage, "subCategory">): boolean => image.subCategory.superCategory === name;
      const classes = dataset.subCategories.filter(({ superCategory }) => superCategory === name);
      const train = dataset.train.filter(of);
      const test = items.filter(({ image }) => of(image));
      const looked = [...train, ...test.map(({ image }) => image)].slice(0, LOOKED_AT);
      const [first] = looked;
      const texts =
        first === undefined ? NO_TEXTS : textsOf(set, name, dataset.question(first), dataset.optionsFor(first));
      const seen = classes.filter((one) => one.seen).length;
      const size = await usualSize(looked);
      return { name, seen, unseen: classes.length - seen, train: train.length, test: test.length, ...size, texts };
    }),
  );
  return { name: dataset.name, counted: true, domains: domains.filter(({ train, test }) => train + test > 0) };
}

const NO_TEXTS: Texts = { closed: "", open: "", sft: "", tapo: "" };

/** The middle one by area. */
async function usualSize(pictures: readonly LabelledImage[]): Promise<Pick<DomainSize, "width" | "height">> {
  const sizes = await Promise.all(pictures.map((picture) => picture.load()));
  sizes.sort((a, b) => a.width * a.height - b.width * b.height);
  const { width, height } = sizes[Math.floor(sizes.length / 2)] ?? { width: 1, height: 1 };
  return { width, height };
}

function textsOf(set: PromptSet, superCategory: string, question: string, options: readonly string[]): Texts {
  const asked = { question, superCategory, thinking: true };
  const training = (stage: "sft" | "tapo"): string =>
    buildTrainingPrompt(set, stage, { ...asked, image: NO_PICTURE })
      .messages.map(({ content }) => content.replace("<image>", ""))
      .join("\n");
  const closed = promptText(set, { ...asked, options });
  return { closed, open: promptText(set, asked), sft: training("sft"), tapo: training("tapo") };
}

/** Stands where a prompt holds a picture; its words are all that is looked at. */
const NO_PICTURE: RgbImage = { width: 1, height: 1, data: new Uint8Array(3) };
