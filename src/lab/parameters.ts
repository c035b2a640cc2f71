import { LabError } from "../core/errors";
import { LARGEST_SEED } from "../core/random";
import type { Destination } from "./kept";

/** What the reader of a notebook chooses in its first cell. */
export interface Parameters {
  /** Sizes: a file of configs/profiles. */
  readonly profile: string;
  /** Seeds of training, as `readSeeds` takes them. */
  readonly seeds: string;
  /** Whether every row is made here; else those of the record are shown, and what it does not have is made. */
  readonly rerun: boolean;
}

/**
 * A notebook's parameters, with FINE_R1_PROFILE, FINE_R1_SEEDS and FINE_R1_RERUN (1 or 0) before its own: a notebook that is executed
 * from outside is not edited for it. @throws LabError for another value of FINE_R1_RERUN
 */
export function parameters(own: Parameters, env: Readonly<NodeJS.ProcessEnv> = process.env): Parameters {
  const given = (name: string): string | undefined => outside(env, name);
  const rerun = given("FINE_R1_RERUN");
  if (rerun !== undefined && rerun !== "1" && rerun !== "0")
    throw new LabError(`is "${rerun}"`, "Give 1 to make every row anew, or 0.", { subject: "FINE_R1_RERUN" });
  return {
    profile: given("FINE_R1_PROFILE") ?? own.profile,
    seeds: given("FINE_R1_SEEDS") ?? own.seeds,
    rerun: rerun === undefined ? own.rerun : rerun === "1",
  };
}

/** Results that the reader of a scorecard judges by: whose they are, and the profiles that they were made with. */
export interface ScorecardParameters {
  readonly profiles: readonly string[];
  readonly from: Destination;
}

/**
 * The parameters of the scorecard's notebook, with FINE_R1_PROFILE before its own profiles. One that is not among these is not recorded:
 * then one's own runs are read, whatever `mine` says.
 * @param own profiles divided by commas; whether one's own runs (runs/) are read instead of the record (results/)
 * @throws LabError where there is no name, as in ","
 */
export function scorecardParameters(
  own: { readonly profiles: string; readonly mine: boolean },
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): ScorecardParameters {
  const split = (text: string): string[] => [...new Set(text.split(",").map((name) => name.trim()).filter((name) => name !== ""))]; // prettier-ignore
  const usual = split(own.profiles);
  const profiles = split(outside(env, "FINE_R1_PROFILE") ?? own.profiles);
  if (profiles.length === 0) throw new LabError("names no profile", "For example: mini,mini-2", { subject: "FINE_R1_PROFILE, or profiles" }); // prettier-ignore
  const mine = own.mine || profiles.some((name) => !usual.includes(name));
  return { profiles, from: mine ? "report" : "record" };
}

/** A variable from outside; an empty one is an unset one, as shells leave it behind. */
function outside(env: Readonly<NodeJS.ProcessEnv>, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}

const MOST_SEEDS = 1000;

/** Seeds as people write them: "3", "1-5", "1,2,7-9". Each once, in the order given. */
export function readSeeds(text: string): number[] {
  const seeds = text.split(",").flatMap((part): number[] => {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/u.exec(part);
    const first = match?.[1];
    const last = match?.[2] ?? first;
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to > LARGEST_SEED || to < from || to - from >= MOST_SEEDS) {
      throw new LabError(
        `"${text}" names no seeds`,
        "Give whole numbers from 0 on, below 2^32: 3, or 1-5, or 1,2,7-9.",
      );
    }
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  return [...new Set(seeds)];
}
