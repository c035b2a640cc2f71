import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symmetricEigen } from "../../src/analysis/eigen";
import { pca, project } from "../../src/analysis/pca";
import { Random } from "../../src/core/random";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, value, k) => sum + value * b[k]!, 0);
const cloud = (n: number, d: number, seed: string): number[][] => {
  const random = new Random(seed);
  return Array.from({ length: n }, () => Array.from({ length: d }, (_, k) => random.normal(k, 1 + k)));
};

describe("pca", () => {
  // NumPy 2.4.6:
  //   x = np.array([[2,0,1],[1,3,1],[4,1,0],[3,5,2],[0,2,4]], float); c = x - x.mean(0)
  //   u, s, vt = np.linalg.svd(c, full_matrices=False); vt *= np.sign(vt[range(3), abs(vt).argmax(1)])[:, None]
  //   print(vt, s**2 / 4, s**2 / (s**2).sum(), (c @ vt.T)[0])
  const x = [
    [2, 0, 1],
    [1, 3, 1],
    [4, 1, 0],
    [3, 5, 2],
    [0, 2, 4],
  ];
  const reference = {
    components: [
      [-0.5178553438599186, 0.5925563341028585, 0.6170112103927339],
      [0.5562309595569241, 0.7812099715129578, -0.2834044813320829],
      [0.6499484306205445, -0.19643821248246196, 0.7341519367342064],
    ],
    variances: [4.585079609566343, 3.3916401250412394, 0.5232802653924123],
    explained: [0.5394211305372171, 0.3990164852989696, 0.06156238416381326],
    first: [-1.6738306612619291, -1.5486192485292576, -0.008327094579107585],
  };
  const close = (actual: ArrayLike<number>, expected: readonly number[]): void => {
    expect(actual.length).toBe(expected.length);
    expected.forEach((value, k) => {
      expect(actual[k]).toBeCloseTo(value, 12);
    });
  };

  it("equals NumPy's singular value decomposition", () => {
    const model = pca(x);
    model.components.forEach((component, k) => {
      close(component, reference.components[k]!);
    });
    close(model.variances, reference.variances);
    close(model.explained, reference.explained);
    close(project(model, x)[0]!, reference.first);
  });

  it.each([
    ["more points than dimensions", 40, 6],
    ["more dimensions than points", 8, 30],
  ])("holds the identities with %s", (_, n, d) => {
    const points = cloud(n, d, `${n}x${d}`);
    const model = pca(points);
    expect(model.components.length).toBe(Math.min(n - 1, d));
    model.components.forEach((a, i) => {
      model.components.forEach((b, j) => {
        expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 9);
      });
      expect(Math.max(...a)).toBeCloseTo(Math.max(...a.map(Math.abs)), 9);
    });
    expect(model.explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const variance = points[0]!.map((__, k) => {
      const column = points.map((point) => point[k]!);
      const mean = column.reduce((sum, value) => sum + value, 0) / n;
      return column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
    });
    const total = variance.reduce((sum, value) => sum + value, 0);
    expect(model.variances.reduce((sum, value) => sum + value, 0) / total).toBeCloseTo(1, 10);
    // mean and coordinates along all components give every point back
    project(model, points).forEach((coordinates, i) => {
      points[i]!.forEach((value, k) => {
        const along = model.components.map((component) => component[k]!);
        expect(model.mean[k]! + dot(coordinates, along)).toBeCloseTo(value, 8);
      });
    });
  });

  it("gives the same components by both routes", () => {
    // The points once (N > D, covariance) and their coordinates padded with zeros to many dimensions (N < D, Gram).
    const narrow = cloud(10, 4, "routes");
    const wide = narrow.map((point) => [...point, ...Array.from({ length: 20 }, () => 0)]);
    const [a, b] = [pca(narrow), pca(wide)];
    expect(b.components.length).toBe(4);
    a.components.forEach((component, i) => {
      component.forEach((value, k) => {
        expect(b.components[i]![k]).toBeCloseTo(value, 9);
      });
    });
  });

  it("keeps no more than asked for, and nothing of equal points", () => {
    expect(pca(x, 2).components.length).toBe(2);
    expect(
      pca([
        [1, 2],
        [1, 2],
        [1, 2],
      ]).components.length,
    ).toBe(0);
    // the mean of seven equal numbers may differ from them in its last digit
    const seven = pca(Array.from({ length: 7 }, () => Float32Array.from([0.1, 0.2, 0.3, 0.7])));
    expect([seven.components.length, seven.variances.length, seven.explained.length]).toEqual([0, 0, 0]);
    expect(pca(x, 0).components).toEqual([]);
    for (const count of [-1, 1.5, NaN]) expect(() => pca(x, count)).toThrow(`pca: ${count} components`);
  });

  it("refuses numbers whose squares leave the range of double precision, and takes those of single precision", () => {
    const scaled = (scale: number) => () => pca(x.map((point) => point.map((value) => value * scale)));
    for (const scale of [1e200, 1e80, 1e-80, 1e-200]) expect(scaled(scale)).toThrow(/components: the numbers are too/);
    for (const scale of [2 ** 126, 2 ** -126]) {
      scaled(scale)().components.forEach((component, k) => {
        close(component, reference.components[k]!);
      });
    }
  });

  it("names what is wrong with its points", () => {
    expect(() => pca([])).toThrow(/no points/);
    expect(() => pca([[1, 2]])).toThrow(/at least two/);
    expect(() => pca([[1, 2], [1]])).toThrow(/point 1 has 1 dimensions, and not 2/);
    expect(() => pca([[], []])).toThrow(/the points have no columns/);
    expect(() => project(pca(x), [[1, 2]])).toThrow(/point 0 has 2 dimensions, and not 3/);
    expect(() =>
      pca([
        [1, 2],
        [1, NaN],
      ]),
    ).toThrow(/point 1 is not finite at 1/);
  });
});

describe("symmetricEigen", () => {
  it("solves A v = λ v for random symmetric matrices", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer(), (n, seed) => {
        const random = new Random(seed);
        const a = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
        const { values, vectors } = symmetricEigen(a, n);
        vectors.forEach((v, k) => {
          for (let i = 0; i < n; i++) expect(dot(a.slice(i * n, (i + 1) * n), v)).toBeCloseTo(values[k]! * v[i]!, 10);
        });
        expect([...values]).toEqual([...values].sort((p, q) => q - p));
      }),
      { numRuns: 40 },
    );
  });
});
