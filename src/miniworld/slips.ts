import type { Random } from "../core/random";
import { CANDIDATES } from "./config";
import type { WorldClass } from "./classes";
import type { MiniWorld } from "./types";
import { renderTagged, type CotStages } from "../cot/stages";

/** What a slip may draw on. */
export interface SlipContext {
  readonly world: MiniWorld;
  readonly truth: WorldClass;
  readonly random: Random;
}

/** Spoils a right chain in one way that a check of the curation must find. @returns the tagged text */
export type Slip = (right: CotStages, context: SlipContext) => string;

/** Another candidate is predicted. → wrong prediction */
const predictAnother: Slip = (right, { random, truth }) =>
  renderTagged({ ...right, prediction: random.pick(right.candidates.filter((name) => name !== truth.name)) });

/** The class is predicted out of the blue: it was no candidate. → label not among candidates */
const dropLabel: Slip = (right, { truth }) =>
  renderTagged({ ...right, candidates: right.candidates.filter((name) => name !== truth.name) });

/** A candidate comes twice. → repeated candidate */
const repeatCandidate: Slip = (right, { truth }) =>
  renderTagged({ ...right, candidates: [truth.name, ...right.candidates.slice(0, 2), truth.name].slice(-4) });

/** The text breaks off. → missing tag */
const breakOff: Slip = (right) => renderTagged(right).replace(/<prediction>[\s\S]*$/u, "");

/** More candidates than the prompt allows, where the domain has so many classes. → too many candidates */
const listTooMany: Slip = (right, context) => {
  const names = context.world.lookalikes(context.truth).map(({ name }) => name);
  return names.length > CANDIDATES
    ? renderTagged({ ...right, candidates: names.slice(0, 6) })
    : breakOff(right, context);
};

/** The reasoning changes language on the way. → mixed language */
const changeLanguage: Slip = (right) => renderTagged({ ...right, comparison: `${right.comparison} 因此` });

/** The first is the commonest, as with real teachers: it stands twice. */
export const SLIPS: readonly [Slip, ...Slip[]] = [
  predictAnother,
  predictAnother,
  dropLabel,
  listTooMany,
  repeatCandidate,
  breakOff,
  changeLanguage,
];
