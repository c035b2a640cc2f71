import { configFile } from "../config/names";
import { LabError, required } from "../core/errors";
import type { Progress } from "../core/progress";
import { closest } from "../core/similar";
import type { Dataset } from "../data/dataset";
import { loadWorldConfig } from "../miniworld/config";
import { buildMiniWorld } from "../miniworld/world";

export interface OpenDatasetOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A kind of dataset: how to open one by what stands behind the colon of its spec. */
interface DatasetKind {
  /** Its specs, in words. */
  readonly form: string;
  open(where: string, options: OpenDatasetOptions): Promise<Dataset>;
}

/** Every kind of dataset; a new one is a line here. */
const KINDS: Readonly<Record<string, DatasetKind>> = {
  miniworld: {
    form: "miniworld:NAME, NAME a file of configs/worlds",
    open: (name) => Promise.resolve(buildMiniWorld(loadWorldConfig(configFile("worlds", name)))),
  },
};

const opened = new Map<string, Promise<Dataset>>();

/**
 * Opens a dataset by its spec, such as "miniworld:test". The same spec gives the same object for as long as the process
 * lives; what failed is tried again.
 * @throws LabError for an unknown kind, with the one most likely meant, and what its kind says
 */
export function openDataset(spec: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const held = opened.get(spec);
  if (held !== undefined) return held;
  const opening = openAnew(spec, options);
  opened.set(spec, opening);
  opening.catch(() => opened.delete(spec));
  return opening;
}

async function openAnew(spec: string, options: OpenDatasetOptions): Promise<Dataset> {
  const colon = spec.indexOf(":");
  const [name, where] = colon < 0 ? ["", spec] : [spec.slice(0, colon), spec.slice(colon + 1)];
  const kind = required(Object.hasOwn(KINDS, name) ? KINDS[name] : undefined, () => unknownKind(spec, name, where));
  return kind.open(where, options);
}

function unknownKind(spec: string, name: string, where: string): LabError {
  const meant = closest(name === "" ? where : name, Object.keys(KINDS));
  const hint = meant === undefined ? "" : `Did you mean "${meant}:${name === "" ? "…" : where}"? `;
  const forms = Object.values(KINDS).map(({ form }) => form);
  return new LabError("names no dataset", `${hint}Give ${forms.join("; or ")}.`, { subject: JSON.stringify(spec) });
}
