import { LabError } from "../core/errors";
import { Random } from "../core/random";
import { cosine } from "../core/vectors";
import { independentTTest, pairedTTest, type TTest } from "../eval/statistics";
import { requirePoints } from "./points";

/** A species as a model has it: a vector of any one width, such as its name's state or the mean over its pictures. */
export interface SpeciesState {
  readonly id: string;
  readonly genus?: string | undefined;
  readonly state: Float32Array;
}

/** Species of other genera for each target, as in the paper (§5.4). */
export const OTHERS = 4;

export interface TaxonomyOptions {
  readonly seed: number;
  /** Ids of the species that are compared with others; all of them by default. Each needs a relative, another species of its genus. */
  readonly targets?: readonly string[];
}

/** One target beside the species that were drawn for it. */
export interface TaxonomyTarget {
  readonly target: string;
  readonly relative: string;
  readonly others: readonly string[];
  /** Cosine with the relative. */
  readonly same: number;
  /** Cosine with each of the others. */
  readonly different: readonly number[];
  /** `same` less the mean of `different`: one number per target, since those of one target are not independent. */
  readonly difference: number;
}

/** H2 for one model. Plain JSON. */
export interface TaxonomySimilarity {
  readonly targets: readonly TaxonomyTarget[];
  /** Δ of Table 4: the mean difference. Above 0: species of one genus lie nearer to each other. */
  readonly delta: number;
}

/**
 * Whether a model's states know who is related to whom (§5.4, H2; Table 4): the cosine of each target with one species of its genus, less
 * that with four species of other genera. The draw follows from the seed, the target's id and the order of the species, not from
 * their states, so that two models are compared on the same species.
 * @param species of one domain: of different ones, every other genus would be far
 * @throws LabError for a species without a genus or given twice, a state that is not finite or of another width, a target without a
 * relative, or too few species of other genera
 */
export function taxonomySimilarity(species: readonly SpeciesState[], options: TaxonomyOptions): TaxonomySimilarity {
  const { seed, targets: ids = species.map(({ id }) => id) } = options;
  const homeless = species.find(({ genus }) => genus === undefined);
  if (homeless !== undefined) {
    throw new LabError("has no genus", "Leave it out, or give its genus.", { subject: homeless.id });
  }
  requireOnce(species.map(({ id }) => id));
  requireOnce(ids);
  const states = species.map(({ state }) => state);
  requirePoints(states, "taxonomy similarity", { nameOf: (index) => `the state of ${species[index]?.id ?? index}` });
  const known = new Map(species.map((one) => [one.id, one]));
  const targets = ids.map((id) => {
    const target = known.get(id);
    if (target === undefined) throw new LabError("is no species given", "Give its state.", { subject: id });
    return compareTarget(target, species, new Random(seed).fork(`relatives of ${id}`));
  });
  if (targets.length === 0) throw new LabError("there is no species to compare", "Name at least one target.");
  return { targets, delta: targets.reduce((sum, { difference }) => sum + difference, 0) / targets.length };
}

/** A species that is given twice would be its own relative, or count twice as a target. */
function requireOnce(ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new LabError("is given twice", "Give every species once.", { subject: twice });
}

/** Ids of the species that have another one of their genus: those that can be targets. */
export function withRelatives(species: readonly Pick<SpeciesState, "id" | "genus">[]): string[] {
  const related = (one: Pick<SpeciesState, "id" | "genus">): boolean =>
    one.genus !== undefined && species.some(({ id, genus }) => id !== one.id && genus === one.genus);
  return species.filter(related).map(({ id }) => id);
}

function compareTarget(target: SpeciesState, species: readonly SpeciesState[], random: Random): TaxonomyTarget {
  const relatives = species.filter(({ id, genus }) => id !== target.id && genus === target.genus);
  const strangers = species.filter(({ genus }) => genus !== target.genus);
  if (relatives.length === 0) {
    throw new LabError(
      `is the only species of its genus, ${target.genus ?? "none"}, and cannot be compared with a relative`,
      "Leave it out of the targets: `targets: withRelatives(species)` names those that have one.",
      { subject: target.id },
    );
  }
  if (strangers.length < OTHERS) {
    throw new LabError(
      `${OTHERS} species of other genera are needed and there are ${strangers.length}`,
      "Give more species.",
      { subject: target.id },
    );
  }
  const relative = random.pick(relatives);
  const others = random.sample(strangers, OTHERS);
  const same = cosine(target.state, relative.state);
  const different = others.map(({ state }) => cosine(target.state, state));
  const difference = same - different.reduce((sum, value) => sum + value, 0) / OTHERS;
  return { target: target.id, relative: relative.id, others: others.map(({ id }) => id), same, different, difference };
}

/** Δ of two models, and whether they differ. Plain JSON. */
export interface TaxonomyComparison {
  /** Δ of the first model and of the second. */
  readonly deltas: readonly [number, number];
  /**
   * First less second, target by target. The paper does not say which test it made: its p of 0.6993 at t = −0.3872 belongs to 111 to
   * 128 degrees of freedom, a paired test of about 120 targets or an independent one of about 60.
   */
  readonly paired: TTest;
  readonly independent: TTest;
}

/**
 * Holds two models' similarities against each other (Table 4's t and p).
 * @throws RangeError unless both were made with the same draw: the same species, seed and options
 */
export function compareTaxonomy(first: TaxonomySimilarity, second: TaxonomySimilarity): TaxonomyComparison {
  const drawn = ({ targets }: TaxonomySimilarity): string =>
    JSON.stringify(targets.map(({ target, relative, others }) => [target, relative, others]));
  if (drawn(first) !== drawn(second)) throw new RangeError("compareTaxonomy: the two were made with different draws");
  const [ours, theirs] = [first, second].map(({ targets }) => targets.map(({ difference }) => difference));
  return {
    deltas: [first.delta, second.delta],
    paired: pairedTTest(ours ?? [], theirs ?? []),
    independent: independentTTest(ours ?? [], theirs ?? []),
  };
}
