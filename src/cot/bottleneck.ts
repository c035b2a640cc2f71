/**
 * The two mutual informations of the concept selection, for binary concepts that are mentioned independently of each
 * other in a description of a given image. N images, k concepts, 2^k states z.
 */

/** What a set of concepts tells. */
export interface Information {
  /** I(Z;Y) in bits, where Y says whether the image is of the class asked about; at most 1. */
  readonly relevance: number;
  /** I(Z;X) in bits, where X is the image. */
  readonly complexity: number;
}

/** The images' weights and sides: half of the weight lies on the class, half on the rest. */
export interface Sides {
  /** [N]: w(x), summing to ½ on either side. */
  readonly weights: Float64Array;
  /** [N]: whether the image is of the class. */
  readonly own: readonly boolean[];
}

/** p(z|x) for the chosen concepts, grown one concept at a time. */
export interface States {
  /** [N][2^k] */
  readonly given: readonly Float64Array[];
  /** [N]: H(Z|x) in bits. */
  readonly entropies: Float64Array;
}

/** No concept yet: one state per image, of probability 1. */
export function noConcepts(images: number): States {
  return { given: Array.from({ length: images }, () => Float64Array.of(1)), entropies: new Float64Array(images) };
}

/** The states with one more concept, mentioned with probability q[x]. @param q [N] */
export function withConcept(states: States, q: Float64Array): States {
  const given = states.given.map((p, x) => {
    const [mentioned, width] = [q[x] ?? 0, p.length];
    return Float64Array.from({ length: 2 * width }, (_, z) =>
      z < width ? (p[z] ?? 0) * (1 - mentioned) : (p[z - width] ?? 0) * mentioned,
    );
  });
  // Independent given x, so their entropies add up.
  return { given, entropies: states.entropies.map((bits, x) => bits + entropy([q[x] ?? 0, 1 - (q[x] ?? 0)])) };
}

/** I(Z;Y) = H(Z) − ½H(Z|own) − ½H(Z|rest) and I(Z;X) = H(Z) − Σ w(x) H(Z|x). */
export function information(states: States, sides: Sides): Information {
  const width = states.given[0]?.length ?? 1;
  const [own, rest] = [new Float64Array(width), new Float64Array(width)];
  let conditional = 0;
  states.given.forEach((p, x) => {
    const weight = sides.weights[x] ?? 0;
    const side = sides.own[x] === true ? own : rest;
    p.forEach((probability, z) => (side[z] = (side[z] ?? 0) + 2 * weight * probability));
    conditional += weight * (states.entropies[x] ?? 0);
  });
  const all = entropy(own.map((p, z) => (p + (rest[z] ?? 0)) / 2));
  return { relevance: all - (entropy(own) + entropy(rest)) / 2, complexity: all - conditional };
}

/** Shannon entropy in bits. */
export function entropy(probabilities: ArrayLike<number>): number {
  let bits = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] ?? 0;
    if (p > 0) bits -= p * Math.log2(p);
  }
  return bits;
}
