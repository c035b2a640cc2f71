import { z } from "zod";
import { probeClasses, type ClassProbe, type PictureState } from "../../analysis/classProbe";
import {
  compareTaxonomy,
  OTHERS,
  taxonomySimilarity,
  withRelatives,
  type SpeciesState,
  type TaxonomyComparison,
  type TaxonomySimilarity,
} from "../../analysis/taxonomy";
import type { Dataset } from "../../data/dataset";
import type { TTest } from "../../eval/statistics";
import { defineStage, givenSchema, refSchema, type Given, type Ref } from "../stage";
import { readStates } from "./states";

/** H1: what a linear classifier reads off a model's states of pictures. */
export interface ProbeInputs {
  /** A stage of the kind "states". */
  readonly states: Ref;
  readonly dataset: Given;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
}

const share = z.number().min(0).max(1);
const count = z.int().min(0);
const probeSchema: z.ZodType<ClassProbe> = z.strictObject({
  pictures: z.array(
    z.strictObject({ id: z.string(), domain: z.string(), seen: z.boolean(), best: z.boolean(), last: z.boolean() }),
  ),
  probes: z.array(
    z.strictObject({
      ...{ domain: z.string(), fold: count, classes: count, trained: count, tested: count },
      ...{ best: z.int().min(1), loss: z.number(), train: share },
    }),
  ),
});

/** Probes the states of pictures for their classes. */
export const probeStage = defineStage<ProbeInputs, ClassProbe>({
  kind: "probe",
  version: 1,
  inputs: z.strictObject({
    states: refSchema,
    dataset: givenSchema,
    epochs: z.int().min(1),
    batch: z.int().min(1),
    learningRate: z.number().positive(),
    seed: z.int().min(0),
  }),
  result: probeSchema,
  run: async ({ states, dataset, ...options }, bench) => {
    const { train, test } = readStates(await bench.dataset(dataset), bench.place(states));
    const { progress, signal } = bench.context;
    return probeClasses(train, test, { ...options, progress, signal });
  },
});

/** H2: whether a model's states know who is related to whom, beside those of another model. */
export interface TaxonomyInputs {
  /** A stage of the kind "states". */
  readonly states: Ref;
  /** Another model's, where there is something to compare with. */
  readonly against?: Ref | undefined;
  readonly dataset: Given;
  readonly seed: number;
}

/** By domain; and of all domains' targets together, the model less the other one. Empty where no class has a relative. */
export interface Taxonomy {
  readonly domains: readonly (TaxonomySimilarity & { readonly domain: string })[];
  readonly comparison: TaxonomyComparison | null;
}

const test = z.strictObject({
  ...{ difference: z.number(), t: z.number(), df: z.number(), p: share },
}) satisfies z.ZodType<TTest>;
const taxonomySchema: z.ZodType<Taxonomy> = z.strictObject({
  domains: z.array(
    z.strictObject({
      domain: z.string(),
      delta: z.number(),
      targets: z.array(
        z.strictObject({
          ...{ target: z.string(), relative: z.string(), others: z.array(z.string()) },
          ...{ same: z.number(), different: z.array(z.number()), difference: z.number() },
        }),
      ),
    }),
  ),
  comparison: z.strictObject({ deltas: z.tuple([z.number(), z.number()]), paired: test, independent: test }).nullable(),
});

/** Compares the states of species within and across genera; a species is the mean over its test pictures. */
export const taxonomyStage = defineStage<TaxonomyInputs, Taxonomy>({
  kind: "taxonomy",
  version: 1,
  inputs: z.strictObject({
    states: refSchema,
    against: refSchema.optional(),
    dataset: givenSchema,
    seed: z.int().min(0),
  }),
  result: taxonomySchema,
  run: async ({ states, against, dataset, seed }, bench) => {
    const data = await bench.dataset(dataset);
    const of = (ref: Ref): Taxonomy["domains"] => taxonomyOf(data, readStates(data, bench.place(ref)).test, seed);
    const domains = of(states);
    if (against === undefined || domains.length === 0) return { domains, comparison: null };
    return { domains, comparison: compareTaxonomy(together(domains), together(of(against))) };
  },
});

function taxonomyOf(dataset: Dataset, pictures: readonly PictureState[], seed: number): Taxonomy["domains"] {
  return [...new Set(dataset.subCategories.map(({ superCategory }) => superCategory))].flatMap((domain) => {
    const species = speciesOf(dataset, pictures, domain);
    const strangers = (genus: string | undefined): number => species.filter((one) => one.genus !== genus).length;
    const genusOf = new Map(species.map(({ id, genus }) => [id, genus]));
    const targets = withRelatives(species).filter((id) => strangers(genusOf.get(id)) >= OTHERS);
    if (targets.length < 2) return [];
    return [{ domain, ...taxonomySimilarity(species, { seed, targets }) }];
  });
}

/** The species of a domain that have a genus and pictures: each the mean over these. */
export function speciesOf(
  { subCategories }: Pick<Dataset, "subCategories">,
  pictures: readonly PictureState[],
  domain: string,
): SpeciesState[] {
  return subCategories.flatMap(({ id, genus, superCategory }): SpeciesState[] => {
    const own = pictures.filter(({ classId }) => classId === id);
    if (genus === undefined || superCategory !== domain || own.length === 0) return [];
    return [{ id, genus, state: meanOf(own) }];
  });
}

function meanOf(pictures: readonly PictureState[]): Float32Array {
  const sum = new Float64Array(pictures[0]?.state.length ?? 0);
  for (const { state } of pictures) state.forEach((value, k) => (sum[k] = (sum[k] ?? 0) + value));
  return Float32Array.from(sum, (value) => value / pictures.length);
}

function together(domains: Taxonomy["domains"]): TaxonomySimilarity {
  const targets = domains.flatMap((one) => one.targets);
  return { targets, delta: targets.reduce((sum, { difference }) => sum + difference, 0) / targets.length };
}
