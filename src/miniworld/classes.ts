import type { Domain, WorldConfig } from "./config";
import { LabError } from "../core/errors";
import { Random } from "../core/random";
import { splitClasses } from "../data/splits";
import type { SubCategory } from "../data/types";
import { changeValue, describe, matches, randomAttributes, SLOTS, type Attributes } from "./attributes";
import { inventWords } from "./words";

/** A class of a mini-world: two words for a name, five values for a look. */
export interface WorldClass extends SubCategory {
  readonly superCategory: Domain;
  readonly genus: string;
  readonly attributes: Attributes;
}

/**
 * Invents all classes of a world: genera with base vectors that differ clearly, species that change one to three values
 * of their genus, no two classes of a domain alike, two new words for each name, the seen ones drawn a domain.
 */
export function inventClasses(config: WorldConfig): WorldClass[] {
  const root = new Random(`mini-world/${config.seed}`);
  const genusCount = config.domains.length * config.generaPerDomain;
  const words = inventWords(genusCount * config.speciesPerGenus, genusCount, root.fork("words"));
  return config.domains.flatMap((domain, d) => {
    const vectors = inventDomain(config, root.fork(domain));
    const named = vectors.map(({ genus, attributes }, i) => {
      const genusWord = words.genera[d * config.generaPerDomain + genus] ?? "";
      const name = `${words.species[d * vectors.length + i] ?? ""} ${genusWord}`;
      return { id: `${domain}/${name}`, name, superCategory: domain, genus: genusWord, attributes };
    });
    const split = splitClasses(
      named.map((c) => c.id),
      config.seenFraction,
      `${config.seed}/${domain}`,
    );
    return named.map((c) => ({ ...c, seen: split.seen.has(c.id) }));
  });
}

/** Attribute vectors of one domain's species, genus by genus. */
function inventDomain(config: WorldConfig, random: Random): { genus: number; attributes: Attributes }[] {
  const bases: Attributes[] = [];
  const taken = new Set<string>();
  const out: { genus: number; attributes: Attributes }[] = [];
  for (let genus = 0; genus < config.generaPerDomain; genus++) {
    const base = draw(
      () => randomAttributes(config.attributes, random),
      (candidate) => bases.every((other) => SLOTS.length - matches(candidate, other) >= config.genusDistance),
    );
    bases.push(base);
    for (let species = 0; species < config.speciesPerGenus; species++) {
      const attributes = draw(
        () => varyGenus(base, config, random),
        (candidate) => !taken.has(describe(candidate)),
      );
      taken.add(describe(attributes));
      out.push({ genus, attributes });
    }
  }
  return out;
}

function varyGenus(base: Attributes, config: WorldConfig, random: Random): Attributes {
  return random
    .sample(SLOTS, 1 + random.weighted(config.changes))
    .reduce((attributes, slot) => changeValue(attributes, slot, config.attributes, random), base);
}

function draw<T>(make: () => T, accept: (candidate: T) => boolean): T {
  for (let attempt = 0; attempt < 5000; attempt++) {
    const candidate = make();
    if (accept(candidate)) return candidate;
  }
  throw new LabError(
    "the attributes do not allow so many different classes",
    "Lower generaPerDomain, speciesPerGenus or genusDistance, or give the attributes more values.",
    { subject: "world config" },
  );
}
