import { LabError } from "./errors";

/**
 * Bounds on what a file may ask for, so that a damaged or hostile one is refused before memory or time is spent on it, and on what is asked of a
 * server: whole numbers. The former are far above what the published models and datasets need; each is changed by the environment variable of its name.
 */
const LIMITS = {
  /** Width × height of a picture, as it lies in its file or as a processor makes it. */
  FINE_R1_MAX_PIXELS: 64_000_000,
  /** Files in a folder of pictures, classes and splits together. */
  FINE_R1_MAX_PICTURES: 200_000,
  /** One picture's file in bytes. */
  FINE_R1_MAX_PICTURE_BYTES: 256_000_000,
  /** The header of a safetensors file: about 100 bytes for each of its tensors. */
  FINE_R1_MAX_HEADER_BYTES: 8_000_000,
  /** Blocks of a language model, and of a vision tower. */
  FINE_R1_MAX_LAYERS: 1_000,
  /** Numbers in all weights of a model; four bytes each in memory. */
  FINE_R1_MAX_PARAMETERS: 100_000_000_000,
  /** Requests to a server at a time. */
  FINE_R1_SERVED_LANES: 16,
  /** Seconds that a server may take for an answer before it is asked again. */
  FINE_R1_SERVED_SECONDS: 600,
} as const;

export type LimitName = keyof typeof LIMITS;

/** The largest that a bound can be, where that is not the largest whole number. */
const MOST: Partial<Readonly<Record<LimitName, number>>> = {
  FINE_R1_SERVED_LANES: 1024,
  FINE_R1_SERVED_SECONDS: 2_147_483, // a timer for longer would ring at once
};

/** A bound's value now. @throws LabError when its variable is no whole number that it can be */
export function limit(name: LimitName): number {
  const given = process.env[name];
  if (given === undefined || given === "") return LIMITS[name];
  const value = Number(given);
  const most = MOST[name] ?? Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  const reason = `"${given}" is no whole number from 1 to ${most}`;
  throw new LabError(reason, `Correct it, or unset it for ${LIMITS[name]}.`, { subject: name });
}

/** @throws LabError that says the bound and how to raise it, when `amount` is beyond it; `what` is said of the amount */
export function requireWithin(name: LimitName, amount: number, what: string, subject: string): void {
  const bound = limit(name);
  if (amount <= bound) return;
  throw new LabError(
    `${what}, and at most ${bound} are taken`,
    `If that is meant, set the environment variable ${name} higher.`,
    { subject },
  );
}
