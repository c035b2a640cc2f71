/**
 * The distributions behind the tests of `statistics.ts` and `power.ts`: no package that this project uses has them. Held to SciPy's
 * numbers, to twelve digits (tests/reference/analysis).
 */

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x), x > 0, by Lanczos's approximation with g = 7 (Press et al., Numerical Recipes, §6.1). */
function logGamma(x: number): number {
  const series = LANCZOS.reduce((sum, term, i) => sum + term / (x + i), 0.99999999999980993);
  return (x - 0.5) * Math.log(x + 6.5) - (x + 6.5) + Math.log(2 * Math.PI) / 2 + Math.log(series);
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (NIST DLMF, 8.17.22) with Lentz's method.
 * A binomial X of n trials with chance x each has P(X ≥ k) = I_x(k, n − k + 1).
 * @param x in [0, 1] @param a above 0 @param b above 0
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a); // the fraction converges fast below that
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  const turn = (coefficient: number): number => {
    d = 1 / (1 + coefficient * d);
    c = 1 + coefficient / c;
    fraction *= c * d;
    return c * d;
  };
  for (let m = 1; m < 10_000; m++) {
    turn((m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)));
    const change = turn((-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)));
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return (fraction * Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))) / a;
}

/** P(|T| ≥ |t|) for Student's t with `df` degrees of freedom: the two-sided p of a t test. */
export function studentTwoSided(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/** The t that Student's t with `df` degrees of freedom stays below with chance p. @param p in (0.5, 1) */
export function studentQuantile(p: number, df: number): number {
  return whereRising((t) => 1 - studentTwoSided(t, df) / 2, p);
}

/** P(Z < z) of the standard normal distribution: ½ + φ(z)·(z + z³/3 + z⁵/(3·5) + …) (Marsaglia, 2004). */
export function normalBelow(z: number): number {
  if (Math.abs(z) > 8.5) return z < 0 ? 0 : 1;
  let [term, sum] = [z, 0];
  for (let i = 3; sum + term !== sum; i += 2) {
    sum += term;
    term *= (z * z) / i;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The z that the standard normal distribution stays below with chance p. @param p in (0.5, 1) */
export function normalQuantile(p: number): number {
  return whereRising(normalBelow, p);
}

/**
 * P(|T| ≥ critical) for Student's t that is shifted by λ (noncentral t): the power of a two-sided t test. With T = (Z + λ)/s and
 * s² = χ²/df this is the mean over s of Φ(λ − critical·s) + Φ(−λ − critical·s), here by Simpson's rule.
 */
export function noncentralTwoSided(critical: number, df: number, lambda: number): number {
  const logScale = Math.LN2 + (df / 2) * Math.log(df / 2) - logGamma(df / 2);
  const density = (s: number): number => Math.exp(logScale + (df - 1) * Math.log(s) - (df * s * s) / 2);
  const [low, high] = [Math.max(Number.MIN_VALUE, 1 - 9 / Math.sqrt(df)), 1 + 9 / Math.sqrt(df)]; // ln s is finite
  const steps = 2000;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const s = low + ((high - low) * i) / steps;
    const beyond = normalBelow(lambda - critical * s) + normalBelow(-lambda - critical * s);
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * density(s) * beyond;
  }
  return (sum * (high - low)) / (3 * steps);
}

/** The x ≥ 0 at which a function that rises reaches `level`, by bisection to the last bit. */
export function whereRising(f: (x: number) => number, level: number): number {
  let [low, high] = [0, 1];
  while (f(high) < level && high < 1e300) [low, high] = [high, 2 * high];
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (f(middle) < level) low = middle;
    else high = middle;
  }
}
