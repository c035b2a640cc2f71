import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { writeJson } from "../core/files";
import { checkPictures } from "../data/check/check";
import { listDataset } from "../data/check/listing";
import type { Lab } from "./lab";
import { unmade } from "./make";
import type { Stage } from "./stage";

/** The fingerprints of datasets whose pictures were all decoded, in the store. */
const DECODED = "pictures.json";
const SHOWN = 5;

/**
 * Decodes every picture of a dataset to its end before the first stage is made, once for each dataset: one that is cut short would else
 * stop a run when it is asked about, hours after training, and its repair makes another dataset.
 * @throws LabError that names the broken ones
 */
export async function requirePictures(
  { dataset, store, progress, signal }: Pick<Lab, "dataset" | "store" | "progress" | "signal">,
  stages: readonly Stage[],
): Promise<void> {
  if (decodedBefore(store).includes(dataset.fingerprint) || unmade(store, stages).length === 0) return;
  const { pictures, ...listing } = listDataset(dataset);
  const files = pictures.filter(({ file }) => file !== undefined);
  if (files.length === 0) return;
  // what the reader of the dataset passed over takes no part in the run
  const { broken } = await checkPictures({ ...listing, pictures: files, broken: [] }, { progress, signal });
  if (broken.length > 0) {
    const named = broken.slice(0, SHOWN).map(({ id, reason }) => `${id} (${reason})`);
    const more = broken.length > SHOWN ? [`and ${broken.length - SHOWN} more`] : [];
    const remedy = "Repair or remove them, and give the command again; `npx fine-r1 data check` shows all.";
    throw new LabError(`cannot be decoded to the end: ${[...named, ...more].join("; ")}`, remedy, { subject: dataset.name }); // prettier-ignore
  }
  const others = decodedBefore(store).filter((one) => one !== dataset.fingerprint); // another run may have added its own
  writeJson(path.join(store, DECODED), [...others, dataset.fingerprint]);
}

function decodedBefore(store: string): readonly string[] {
  const file = path.join(store, DECODED);
  return fs.existsSync(file) ? readStored(file, z.array(z.string()), "list of datasets", `Remove ${file}.`) : [];
}
