import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { engineOf } from "../../model/open";
import { hubOf } from "../plan/models";
import type { Profile } from "../profile";

/** A model as a trainer is told of it. */
export interface TrainedModel {
  /** The whole path of a folder, since trainers are started elsewhere, or a name of the hub. */
  readonly model: string;
  readonly from: "folder" | "hub";
}

const HUB_NAME = /^[\w.-]+\/[\w.-]+$/u;

/**
 * The model of `--model`.
 * @throws LabError for what is neither a checkpoint's folder nor may be a name of the hub
 */
export function namedModel(given: string): TrainedModel {
  if (fs.existsSync(path.join(given, "config.json"))) return { model: path.resolve(given), from: "folder" };
  if (HUB_NAME.test(given) && !fs.existsSync(given)) return { model: given, from: "hub" };
  throw new LabError(
    fs.existsSync(given) ? "holds no checkpoint (config.json)" : "is neither a folder nor a name of the hub",
    "Give the folder of a checkpoint in the hub's layout, or OWNER/NAME.",
    { subject: `--model ${given}` },
  );
}

/**
 * The base of a profile, with which stage 1 begins: its folder where it is there, else its name on the hub.
 * @throws LabError where neither is known
 */
export function baseModel({ base }: Pick<Profile, "base">): TrainedModel {
  const { where } = engineOf(base);
  if (fs.existsSync(path.join(where, "config.json"))) return { model: path.resolve(where), from: "folder" };
  const hub = hubOf(base);
  if (hub !== undefined) return { model: hub, from: "hub" };
  throw new LabError("is not there, and no published model", "Say what is trained with --model.", { subject: base });
}
