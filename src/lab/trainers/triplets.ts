import * as path from "node:path";
import { LabError } from "../../core/errors";
import { writeFileAtomic } from "../../core/files";
import type { RgbImage } from "../../core/image";
import { asTask, check } from "../../core/progress";
import { STAGE2_SUFFIX } from "../../data/prompts";
import { encodePng } from "../../data/rasters";
import type { LabelledImage, Triplet } from "../../data/types";
import { resizeBicubic } from "../../model/qwen/imageProcessorResize";
import type { TapoExample } from "../../tapo/rollouts";
import { rlExamples } from "../kinds/training";
import { writeTripletParquet, type StoredPicture, type TripletRow } from "./parquet";
import { tripletsFor, type TrainerSource } from "./sources";

/** The folder of parquet files, which holds nothing else: the released trainer takes a folder's kind from its first file. */
export const ROWS = "data";
/** Set behind every question by the trainer, where the wording has such a sentence. */
export const FORMAT_PROMPT = "format_prompt.jinja";
/** Pictures in one parquet file, in bytes. */
const FILE_BYTES = 256 * 2 ** 20;

/** Stage 2's questions about the profile's triplets. */
export async function questionsFor(source: TrainerSource): Promise<TapoExample[]> {
  const { data, drawn } = await tripletsFor(source);
  const { rl, promptSet } = source.profile;
  return rlExamples(data, drawn, { ...rl, promptSet, seed: source.seed, thinking: true });
}

/** Whether the wording ends every question in a sentence that the trainer sets behind it. */
export async function hasSuffix([example]: readonly TapoExample[]): Promise<boolean> {
  return example !== undefined && (await questionOf(example)).suffix !== "";
}

/**
 * Writes triplets as the released trainer's rows: `images`, `image_noisy` (the positive) and `image_aug` (the negative), a picture each, all
 * of the anchor's size, since the three share one prompt and so its number of image tokens; `problem` and `answer`.
 * @param into the folder to fill
 * @returns how many parquet files there are
 */
export async function writeTriplets(
  examples: readonly TapoExample[],
  into: string,
  { progress, signal }: Pick<TrainerSource["context"], "progress" | "signal">,
): Promise<number> {
  let part: TripletRow[] = [];
  let [bytes, files] = [0, 0];
  await asTask(progress, "writing triplets", examples.length, async (task) => {
    for (const [at, example] of examples.entries()) {
      check(signal);
      const row = await rowOf(example);
      part.push(row);
      bytes += row.pictures.reduce((sum, picture) => sum + picture.bytes.length, 0);
      if (bytes >= FILE_BYTES || at === examples.length - 1) {
        await writeTripletParquet(path.join(into, ROWS, `train-${String(files++).padStart(5, "0")}.parquet`), part);
        [part, bytes] = [[], 0];
      }
      task.update(at + 1);
    }
  });
  if (await hasSuffix(examples)) writeFileAtomic(path.join(into, FORMAT_PROMPT), `{{ content | trim }}${SUFFIX}`);
  return files;
}

const SUFFIX = `\n\n${STAGE2_SUFFIX}`;

/** A question as a row has it. */
async function questionOf(example: TapoExample): Promise<{ problem: string; suffix: string; anchor: RgbImage }> {
  const { messages, images } = await example.prompt("anchor");
  const [turn] = messages;
  const [anchor] = images;
  if (messages.length !== 1 || turn === undefined || anchor === undefined) {
    const reason = `a question of ${messages.length} turns cannot be a row: it is one text`;
    throw new LabError(reason, "Choose a wording of one turn (promptSet).", { subject: example.id });
  }
  const suffix = turn.content.endsWith(SUFFIX) ? SUFFIX : "";
  return { problem: turn.content.slice(0, turn.content.length - suffix.length), suffix, anchor };
}

async function rowOf(example: TapoExample): Promise<TripletRow> {
  const { problem, anchor } = await questionOf(example);
  const stored = (which: keyof Triplet): Promise<StoredPicture> => storedAs(example.triplet[which], anchor);
  const pictures = [await stored("anchor"), await stored("positive"), await stored("negative")] as const;
  return { problem, answer: example.answer, pictures };
}

async function storedAs(picture: LabelledImage, { width, height }: RgbImage): Promise<StoredPicture> {
  const image = await picture.load();
  const sized = image.width === width && image.height === height ? image : resizeBicubic(image, width, height);
  return { bytes: await encodePng(sized), path: `${picture.id.replaceAll(/[^A-Za-z0-9]+/gu, "-")}.png` };
}
