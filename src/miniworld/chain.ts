import { CANDIDATES, type VerdictForm } from "./config";
import { LabError } from "../core/errors";
import type { Random } from "../core/random";
import { describe, matches, SLOTS, type Attributes } from "./attributes";
import type { WorldClass } from "./classes";
import type { MiniWorld } from "./types";
import { renderText, type CotStages } from "../cot/stages";
import type { SubCategory } from "../data/types";

export interface ChainOptions {
  /** Shuffles the candidates of an open question. */
  readonly random: Random;
  /** What is seen or described; by default the class's own values. */
  readonly analysis?: Attributes;
  /** The options of a closed question: they are the candidates, in this order. */
  readonly options?: readonly string[];
}

/**
 * Writes the stages of a right chain. Open questions compare the class with its lookalikes, closed ones the options.
 * The verdict is computable from what is written: the number of values that fit, or a mark after each value.
 * @throws LabError when another candidate fits `analysis` as well: then no right chain leads to this class
 */
export function chainStages(world: MiniWorld, subCategory: SubCategory, options: ChainOptions): CotStages {
  const truth = world.classOf(subCategory);
  const analysis = options.analysis ?? truth.attributes;
  const candidates = options.options
    ? options.options.map((name) => knownClass(world, truth, name))
    : options.random.shuffle(openCandidates(world, truth, analysis));
  const fit = matches(truth.attributes, analysis);
  const rival = candidates.find((c) => c.id !== truth.id && matches(c.attributes, analysis) >= fit);
  if (rival !== undefined || !candidates.some((c) => c.id === truth.id)) {
    throw new LabError(
      `no chain leads from "${describe(analysis)}" to this class`,
      "Give values that fit it better than any other candidate, and options that hold it.",
      { subject: truth.id },
    );
  }
  const verdict = world.config.chain.verdict;
  return {
    analysis: describe(analysis),
    candidates: candidates.map((c) => c.name),
    comparison: candidates.map((c) => writeComparison(c.name, c.attributes, analysis, verdict)).join(" "),
    prediction: truth.name,
  };
}

/** The class and the members of its genus that are most like what is seen (then others of the domain). */
function openCandidates(world: MiniWorld, truth: WorldClass, analysis: Attributes): WorldClass[] {
  const [first, ...others] = world.lookalikes(truth);
  const rank = (c: WorldClass): number => (c.genus === truth.genus ? 10 : 0) + matches(c.attributes, analysis);
  return [...(first ? [first] : []), ...others.sort((a, b) => rank(b) - rank(a)).slice(0, CANDIDATES - 1)];
}

function knownClass(world: MiniWorld, truth: WorldClass, name: string): WorldClass {
  const found = world.classNamed(truth.superCategory, name);
  if (found) return found;
  throw new LabError("is no class of this domain", "Take options from `optionsFor`.", { subject: name });
}

/** `name v v v v v fits k`, or `name v yes v no …`. */
export function writeComparison(name: string, values: Attributes, analysis: Attributes, verdict: VerdictForm): string {
  if (verdict === "count") return `${name} ${describe(values)} fits ${matches(values, analysis)}`;
  const marked = SLOTS.map((slot) => `${values[slot]} ${values[slot] === analysis[slot] ? "yes" : "no"}`);
  return `${name} ${marked.join(" ")}`;
}

/** A right chain from what is seen to the class's name. See `chainStages`. */
export function writeChain(world: MiniWorld, subCategory: SubCategory, options: ChainOptions): string {
  const stages = chainStages(world, subCategory, options);
  return renderText("short", stages, stages.prediction);
}

/** A chain as it was written, right or wrong. Values are words of their slot, in the order of the slots. */
export interface ParsedChain {
  readonly analysis: readonly string[];
  readonly candidates: readonly string[];
  readonly comparison: readonly WrittenComparison[];
  readonly prediction: string;
  readonly answer: string;
}

export interface WrittenComparison {
  readonly name: string;
  readonly values: readonly string[];
  /** `["3"]`, or five times "yes" or "no". */
  readonly verdict: readonly string[];
}

/** The verdict that follows from the written values and the written analysis. */
export function dueVerdict(values: readonly string[], analysis: readonly string[], verdict: VerdictForm): string[] {
  const fits = values.map((value, i) => value === analysis[i]);
  return verdict === "count" ? [String(fits.filter(Boolean).length)] : fits.map((fit) => (fit ? "yes" : "no"));
}
