import type { NuisanceConfig } from "./config";
import type { Random } from "../core/random";

/** Something behind the figure: a blob or a twig, in a muted colour. */
export interface Clutter {
  readonly kind: "blob" | "twig";
  readonly x: number;
  readonly y: number;
  /** Radius of a blob, length of a twig. */
  readonly size: number;
  readonly angle: number;
  readonly colour: string;
}

/** All that differs between two pictures of one class. Lengths in units of a 100 × 100 square, angles in degrees. */
export interface Nuisance {
  readonly flip: boolean;
  readonly angle: number;
  readonly scale: number;
  readonly shift: readonly [number, number];
  readonly background: string;
  readonly clutter: readonly Clutter[];
  /** Change of red, green and blue for crown, body and wing, in grey levels. */
  readonly jitter: readonly (readonly [number, number, number])[];
  /** Factor on every pixel. */
  readonly brightness: number;
  /** Standard deviation of the pixel noise in grey levels, and its seed. */
  readonly noise: number;
  readonly noiseSeed: number;
  /** A disc in front of the figure: x, y, radius. */
  readonly occluder: readonly [number, number, number] | null;
}

/** Draws one picture's nuisance. */
export function drawNuisance(config: NuisanceConfig, random: Random): Nuisance {
  const within = (bound: number): number => random.uniform(-bound, bound);
  return {
    flip: random.chance(config.flip),
    angle: within(config.rotation),
    scale: random.uniform(config.scale[0], config.scale[1]),
    shift: [within(config.shift), within(config.shift)],
    background: muted(random, 72, 92),
    clutter: Array.from({ length: random.integer(config.clutter + 1) }, () => drawClutter(random)),
    jitter: [0, 1, 2].map(() => {
      const bound = config.colourJitter * 255;
      return [within(bound), within(bound), within(bound)] as const;
    }),
    brightness: 1 + within(config.brightness),
    noise: config.noise,
    noiseSeed: random.uint32(),
    occluder: drawOccluder(config, random),
  };
}

function drawClutter(random: Random): Clutter {
  const kind = random.chance(0.6) ? "blob" : "twig";
  return {
    kind,
    x: random.uniform(0, 100),
    y: random.uniform(0, 100),
    size: kind === "blob" ? random.uniform(3, 13) : random.uniform(10, 35),
    angle: random.uniform(0, 180),
    colour: muted(random, 52, 82),
  };
}

/** The disc lies over the middle of the picture, so that it hides something of the figure. */
function drawOccluder(config: NuisanceConfig, random: Random): readonly [number, number, number] | null {
  if (!random.chance(config.occlusion.chance) || config.occlusion.size === 0) return null;
  const radius = (config.occlusion.size / 2) * random.uniform(0.6, 1);
  return [random.uniform(20, 80), random.uniform(25, 75), radius];
}

/** A greyish colour: never to be taken for a value of an attribute. */
function muted(random: Random, low: number, high: number): string {
  return `hsl(${random.integer(360)},${random.integer(26)}%,${Math.round(random.uniform(low, high))}%)`;
}
