import type { Dataset } from "../data/dataset";
import { worldSchema } from "./config";
import { buildMiniWorld, ORIGIN } from "./world";

/**
 * Gives a dataset that was exported from a mini-world what no file holds: its teacher, its judge of chains, its questions, and which of its
 * classes look alike. The world is made again from the config that the export names; where it comes out otherwise, as after a
 * change of the drawing, the dataset stays as it is and its report says so. Any other dataset is returned as it is.
 */
export function restoreMiniWorld(dataset: Dataset): Dataset {
  const { origin, report } = dataset;
  if (origin?.kind !== ORIGIN) return dataset;
  const config = worldSchema.safeParse(origin.config);
  const world = config.success ? buildMiniWorld(config.data) : undefined;
  if (world?.fingerprint === origin.fingerprint) {
    const { describe, lookalikes, teacher, chains, questions } = world;
    return { ...dataset, describe, lookalikes, teacher, chains, questions };
  }
  if (report === undefined) return dataset;
  const note =
    "The mini-world that this was exported from is made otherwise today: there is no teacher, no judge of chains and no question but for names.";
  return { ...dataset, report: { ...report, notes: [...report.notes, note] } };
}
