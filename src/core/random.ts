/** The largest seed: 32 bits of it are taken, and a larger one would draw what a smaller one draws, under another name. */
export const LARGEST_SEED = 0xffffffff;

/**
 * Seeded random numbers: xoshiro128** (Blackman & Vigna, 2018) seeded through splitmix32. Every random choice of the
 * library takes one of these; `fork` gives independent streams by name, so that adding a draw in one place does not
 * shift the draws of another.
 */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: number | string) {
    let mix = typeof seed === "number" ? seed >>> 0 : hashText(seed);
    this.state = Uint32Array.from({ length: 4 }, () => {
      mix = (mix + 0x9e3779b9) >>> 0;
      return finalize(mix);
    });
  }

  /** A stream of its own, determined by this stream's present state and `name`; this stream does not advance. */
  fork(name: string | number): Random {
    return new Random(hashText(`${this.state.join(",")}/${name}`));
  }

  /** A 32-bit unsigned integer. */
  uint32(): number {
    const s = this.state as unknown as [number, number, number, number];
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 0x100000000);
  }

  /** A uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal with the given mean and standard deviation (Box–Muller). */
  normal(mean = 0, sd = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + sd * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** One element of a list that is not empty. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Random.pick: the list is empty");
    return items[this.integer(items.length)] as T;
  }

  /** An index of the list, with chances in proportion to its weights; none may be below zero, not all may be zero. */
  weighted(weights: readonly number[]): number {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    if (!(total > 0) || weights.some((weight) => !(weight >= 0))) throw new RangeError("Random.weighted: bad weights");
    let left = this.uniform(0, total);
    for (const [index, weight] of weights.entries()) {
      if (left < weight) return index;
      left -= weight;
    }
    return weights.length - 1 - [...weights].reverse().findIndex((weight) => weight > 0); // rounding
  }

  /** A shuffled copy (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }

  /** `count` different elements, in random order. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (count > items.length) throw new RangeError(`Random.sample: ${count} of ${items.length} asked for`);
    return this.shuffle(items).slice(0, count);
  }

  /** The state, for checkpoints. */
  save(): number[] {
    return [...this.state];
  }

  /** The stream that `save` was called on, at that point. */
  static restore(state: readonly number[]): Random {
    if (state.length !== 4) throw new RangeError("Random.restore: a state holds four numbers");
    const random = new Random(0);
    random.state.set(state);
    return random;
  }
}

/** A 32-bit FNV-1a hash of a text, finalised as in MurmurHash3. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finalize(hash >>> 0);
}

function finalize(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
