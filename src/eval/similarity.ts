/** Sim of Eq. 5: how near two texts are, 1 for equal ones. Asked for many pairs at once, so that encoders can batch. */
export interface TextSimilarity {
  /** Names the measure (and its weights) in records: figures of different measures must not be mixed. */
  readonly name: string;
  score(pairs: readonly (readonly [string, string])[]): Promise<number[]>;
}

/** Texts to vectors of one width; what a dual encoder's text tower does. */
export type TextEncoder = (texts: readonly string[]) => Promise<readonly Float32Array[]>;

/** The cosine of two texts' vectors. Each text is encoded once and remembered. */
export function cosineSimilarity(name: string, encode: TextEncoder): TextSimilarity {
  const known = new Map<string, Float32Array>();
  return {
    name,
    score: async (pairs) => {
      const missing = [...new Set(pairs.flat())].filter((text) => !known.has(text));
      if (missing.length > 0) {
        const vectors = await encode(missing);
        missing.forEach((text, i) => {
          const vector = vectors[i];
          if (vector === undefined)
            throw new RangeError(`the text encoder gave ${vectors.length} vectors for ${missing.length} texts`);
          known.set(text, vector);
        });
      }
      return pairs.map(([a, b]) => cosine(known.get(a) as Float32Array, known.get(b) as Float32Array));
    },
  };
}

/** a·b / (|a||b|); 0 when either has no length. @param a @param b shape [D] */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new RangeError(`cosine: widths ${a.length} and ${b.length}`);
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : dot / Math.sqrt(aa * bb);
}
