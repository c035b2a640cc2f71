import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { encoderTemplate } from "../data/prompts";
import type { BenchmarkItem } from "../data/types";
import { evaluateDualEncoder } from "../eval/dualEncoder";
import { evaluate } from "../eval/evaluate";
import { readRecords, type EvaluationRecord } from "../eval/records";
import type { TextSimilarity } from "../eval/similarity";
import type { DualEncoder } from "../model/dualEncoder";
import { QwenModel } from "../model/qwen/model";
import type { Lab } from "./lab";
import { runStage } from "../store/stage";
import type { Checkpoint } from "./training";

/** How a checkpoint is asked. */
export interface Asking {
  readonly world: "closed" | "open";
  readonly thinking: boolean;
}

/** What an evaluation stage returns; its answers are in records.jsonl. */
const parse = parserOf(z.strictObject({ items: z.int().min(0) }));

/** The test questions of both splits, seen classes first. */
export function testItems(lab: Lab): BenchmarkItem[] {
  return [...lab.world.test("seen"), ...lab.world.test("unseen")];
}

/** Evaluates a checkpoint on both splits; a killed evaluation goes on from its records. */
export async function evaluateStage(
  lab: Lab,
  name: string,
  from: Checkpoint,
  asking: Asking,
  similarity: TextSimilarity,
): Promise<EvaluationRecord[]> {
  const { evaluation, promptSet } = lab.profile;
  const inputs = {
    from: from.key,
    world: lab.world.fingerprint,
    asking,
    evaluation,
    promptSet,
    similarity: similarity.name,
  };
  const label = `${name}, ${asking.world}${asking.thinking ? ", thinking" : ""}`;
  const stage = await runStage(lab, `eval-${name}`, inputs, {
    parse,
    run: async (folder) => {
      const model = await QwenModel.load(from.folder);
      try {
        const records = await evaluate(model, testItems(lab), {
          ...asking,
          promptSet,
          checkpoint: from.key,
          similarity,
          seed: evaluation.seed,
          maxNewTokens: asking.thinking ? evaluation.maxNewTokensThinking : evaluation.maxNewTokensDirect,
          batchSize: evaluation.batchSize,
          recordsFile: path.join(folder, "records.jsonl"),
          label,
          progress: lab.progress,
          ...(lab.signal === undefined ? {} : { signal: lab.signal }),
        });
        return { items: records.length };
      } finally {
        model.dispose();
      }
    },
  });
  return readRecords(path.join(stage.folder, "records.jsonl"));
}

/** The same for a CLIP-style encoder: closed world only. */
export async function evaluateEncoderStage(lab: Lab, encoder: DualEncoder, key: string): Promise<EvaluationRecord[]> {
  const inputs = { key, world: lab.world.fingerprint, seed: lab.profile.evaluation.seed };
  const stage = await runStage(lab, "eval-siglip", inputs, {
    parse,
    run: async (folder) => {
      const records = await evaluateDualEncoder(encoder, testItems(lab), {
        template: encoderTemplate(lab.profile.promptSet),
        checkpoint: key,
        seed: lab.profile.evaluation.seed,
        recordsFile: path.join(folder, "records.jsonl"),
        label: "SigLIP-style encoder, closed",
        progress: lab.progress,
        ...(lab.signal === undefined ? {} : { signal: lab.signal }),
      });
      return { items: records.length };
    },
  });
  return readRecords(path.join(stage.folder, "records.jsonl"));
}
