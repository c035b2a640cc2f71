import { z } from "zod";
import { DOMAINS, type WorldConfig } from "../../src/miniworld/config";

const SPECIES = 4;

/** A world of so many classes, otherwise like another: more or fewer genera in each domain, or fewer domains. */
export function worldOf(classes: number, like: WorldConfig): WorldConfig {
  const wanted = DOMAINS.map((_, i) => DOMAINS.length - i);
  const domains = wanted.find((many) => Number.isInteger(classes / SPECIES / many));
  if (domains === undefined) throw new RangeError(`${classes} classes are no whole genera of ${SPECIES} species`);
  const generaPerDomain = classes / SPECIES / domains;
  return { ...like, domains: DOMAINS.slice(0, domains), speciesPerGenus: SPECIES, generaPerDomain };
}

const seconds = z.number().min(0);
export const classesSchema = z.object({
  classes: z.int(),
  /** Words of its language: the vocabulary of a model made for it. */
  words: z.int(),
  /** Test questions. */
  questions: z.int(),
  trainingPictures: z.int(),
  /** Of the world: names, attributes, look-alikes, questions; no picture is drawn. */
  build: seconds,
  /** Of the triplets, the drawing of the training pictures included. */
  mining: seconds,
  /** Of 48 closed questions with an answer of at most 48 tokens, the drawing of their pictures included. */
  asking: seconds,
  /** Of all metrics over one answer to each question. */
  metrics: seconds,
  /** Of SS_relative (Eq. 5) over the same. */
  similarity: seconds,
});
/** What a world of so many classes costs, in seconds. */
export type ClassCosts = z.infer<typeof classesSchema>;
