import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashText, Random } from "../../src/core/random";

const draws = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32());

describe("Random", () => {
  it("is xoshiro128**: the published test vector of the state 1, 2, 3, 4", () => {
    // The vector of the rand_xoshiro crate (from the authors' C code); the Python below gives the same:
    //   M = 2**32-1; rotl = lambda x, k: (x << k | x >> 32-k) & M; s = [1, 2, 3, 4]; out = []
    //   for _ in range(8):
    //     out.append(rotl(s[1]*5 & M, 7)*9 & M); t = s[1] << 9 & M
    //     s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 11)
    expect(draws(Random.restore([1, 2, 3, 4]), 8)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849,
    ]);
  });

  it.each([
    [0, [3809008728, 1133695204, 53579671, 2891528803, 139681546, 2203266335]],
    [1, [2442144158, 3238099751, 3819917871, 2104621829, 2021136066, 4223536128]],
    [7605, [2618339462, 1417463744, 1428892799, 544663698, 3415851094, 1263851222]],
    [0xffffffff, [835879718, 1921286648, 2356205009, 1885780724, 980451116, 1053911718]],
  ])("is seeded with the finalised multiples of the golden ratio: seed %d", (seed, expected) => {
    // The loop above, in Python, from s = [fmix(seed + (i+1)*0x9e3779b9 & M) for i in range(4)] with
    //   def fmix(h): h ^= h >> 16; h = h*0x85ebca6b & M; h ^= h >> 13; h = h*0xc2b2ae35 & M; return h ^ h >> 16
    expect(draws(new Random(seed), 6)).toEqual(expected);
  });

  it("hashes texts with FNV-1a, finalised as in MurmurHash3", () => {
    // FNV-1a of "", "a", "foobar": 811c9dc5, e40c292c, bf9cf968 (the authors' test suite); then fmix of each, by Python.
    expect(["", "a", "foobar"].map(hashText)).toEqual([2872998923, 444641715, 202221276]);
  });

  it("gives forks that depend on the name and the state, and does not advance", () => {
    const random = new Random(3);
    const before = random.save();
    const [a, b, again] = [random.fork("a"), random.fork("b"), random.fork("a")];
    expect(random.save()).toEqual(before);
    expect(draws(a, 20)).toEqual(draws(again, 20));
    expect(new Set([...draws(random.fork("a"), 500), ...draws(b, 500), ...draws(random, 500)]).size).toBe(1500);
    expect(draws(random.fork("a"), 4)).not.toEqual(draws(again, 4)); // the state has moved on
  });

  it("gives uncorrelated streams to neighbouring seeds and neighbouring forks", () => {
    // r of 4,000 independent pairs has a standard deviation of 1/√4000 = 0.016; five of them are 0.079.
    const correlation = (x: Random, y: Random): number => {
      let sum = 0;
      for (let i = 0; i < 4000; i++) sum += (x.uniform() - 0.5) * (y.uniform() - 0.5);
      return (12 * sum) / 4000;
    };
    for (let seed = 0; seed < 5; seed++) {
      expect(Math.abs(correlation(new Random(seed), new Random(seed + 1)))).toBeLessThan(0.079);
      expect(Math.abs(correlation(new Random(1).fork(seed), new Random(1).fork(seed + 1)))).toBeLessThan(0.079);
    }
  });

  it("goes on from a saved state exactly", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(50), (seed, skip) => {
        const random = new Random(seed);
        draws(random, skip);
        const copy = Random.restore(JSON.parse(JSON.stringify(random.save())) as number[]);
        expect(draws(copy, 10)).toEqual(draws(random, 10));
      }),
    );
    expect(() => Random.restore([1, 2, 3])).toThrow(RangeError);
  });

  it.each([2, 7, 10, 100])("draws integers below %d uniformly", (n) => {
    // χ² with n − 1 degrees of freedom has mean n − 1 and variance 2(n − 1); beyond five deviations is not chance.
    const counts = new Array<number>(n).fill(0);
    const random = new Random(`uniform ${n}`);
    for (let i = 0; i < 1000 * n; i++) {
      const k = random.integer(n);
      counts[k] = (counts[k] ?? NaN) + 1;
    }
    const chi2 = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(Math.abs(chi2 - (n - 1))).toBeLessThan(5 * Math.sqrt(2 * (n - 1)));
  });

  it("shuffles into every order alike", () => {
    // 24 orders of four, 24,000 shuffles: χ² with 23 degrees of freedom, as above.
    const random = new Random("orders");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle([1, 2, 3, 4]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi2 = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(23 + 5 * Math.sqrt(46));
  });

  it("draws normal numbers of the mean and deviation asked for", () => {
    const random = new Random("normal");
    const values = Array.from({ length: 20_000 }, () => random.normal(3, 2));
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const sd = Math.sqrt(values.reduce((a, v) => a + (v - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 2) / Math.sqrt(20_000)); // five standard errors
    expect(Math.abs(sd - 2)).toBeLessThan((5 * 2) / Math.sqrt(40_000));
    const inside = values.filter((v) => Math.abs(v - 3) < 2).length / values.length;
    expect(Math.abs(inside - 0.6827)).toBeLessThan(5 * Math.sqrt((0.6827 * 0.3173) / 20_000));
  });

  it("keeps every element when it shuffles, and samples without repetition", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (items, seed) => {
        const shuffled = new Random(seed).shuffle(items);
        expect([...shuffled].sort()).toEqual([...items].sort());
        const places = items.map((_, i) => i);
        const sample = new Random(seed).sample(places, Math.floor(items.length / 2));
        expect(new Set(sample).size).toBe(Math.floor(items.length / 2));
      }),
    );
    expect(() => new Random(1).sample([1], 2)).toThrow(/2 of 1/);
    expect(() => new Random(1).pick([])).toThrow(/empty/);
  });

  it("stays inside the bounds", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (seed, low, width) => {
          const value = new Random(seed).uniform(low, low + width);
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(low + width);
        },
      ),
    );
    expect(new Random(1).chance(0)).toBe(false);
    expect(new Random(1).chance(1)).toBe(true);
  });
});
