import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../config/stored";
import { LabError } from "../core/errors";
import { hashKnown } from "../core/hash";
import type { Dataset } from "../data/dataset";

/** What is read of the card beside a built base (miniworld/base/card). */
const cardSchema = z.object({
  world: z.object({ name: z.string(), digest: z.string() }),
  files: z.array(z.object({ path: z.string(), sha256: z.string() })),
});

const REMEDY =
  "Get the folder again or make it with `npx fine-r1 base build`; remove the card where the weights are your own.";

/**
 * A base or an encoder that was built for a mini-world says so in its card. Nothing is asked of one without: it may be anybody's.
 * @param spec how a profile names the dataset
 * @throws LabError where it was built for another world, or has changed since
 */
export function requireOwn(checkpoint: string, dataset: Dataset, spec: string): void {
  const file = path.join(path.dirname(checkpoint), "card.json");
  if (!fs.existsSync(file)) return;
  const card = readStored(file, cardSchema, "card of a base", REMEDY);
  const weights = path.join(checkpoint, "model.safetensors");
  const listed = card.files.find((each) => path.join(path.dirname(checkpoint), each.path) === weights);
  if (listed !== undefined && fs.existsSync(weights) && listed.sha256 !== hashKnown(weights)) {
    throw new LabError(`is not the file that ${file} describes: the hashes differ`, REMEDY, { subject: weights });
  }
  const { origin, name } = dataset;
  if (origin === undefined || card.world.digest === origin.fingerprint) return;
  const world = spec.replace(/^miniworld:/, "");
  throw new LabError(
    `was made for the world ${card.world.name} (${card.world.digest}), but the profile's world "${world}" is ${name} (${origin.fingerprint})`,
    `Choose the checkpoint of that world, or make one with \`npx fine-r1 base build --world ${world} --out <folder>\`.`,
    { subject: checkpoint },
  );
}
