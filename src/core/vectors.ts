type Vector = Float32Array | Float64Array;

/** a·b / (|a||b|); 0 when either has no length. @param a @param b shape [D] @throws RangeError for different widths */
export function cosine(a: Vector, b: Vector): number {
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
  const lengths = Math.sqrt(aa * bb);
  return lengths === 0 ? 0 : dot / lengths;
}

/**
 * Where some vectors point together: each scaled to length 1, their mean scaled to length 1. One without a length points nowhere and
 * adds nothing.
 * @param vectors [N][D] @returns shape [D]; zeros where nothing is left to point @throws RangeError for different widths, or no vector
 */
export function meanDirection(vectors: readonly Vector[]): Float64Array {
  const [first] = vectors;
  if (first === undefined) throw new RangeError("meanDirection: of no vector");
  const sum = new Float64Array(first.length);
  for (const vector of vectors) {
    if (vector.length !== sum.length) throw new RangeError(`meanDirection: widths ${sum.length} and ${vector.length}`);
    unit(vector).forEach((value, i) => (sum[i] = (sum[i] as number) + value));
  }
  return unit(sum);
}

function unit(vector: Vector): Float64Array {
  const values = Float64Array.from(vector);
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? values : values.map((value) => value / length);
}

/**
 * A power of two of about that size: numbers divided by it keep every digit, and their squares are neither 0 nor infinite where they were
 * very small or very large.
 */
export function powerOfTwo(size: number): number {
  return size === 0 ? 1 : 2 ** Math.floor(Math.log2(size));
}

/** The power of two of the size of the largest number. */
export function unitOf(values: readonly number[]): number {
  return powerOfTwo(values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0));
}
