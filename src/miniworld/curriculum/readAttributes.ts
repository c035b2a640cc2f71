import type { Random } from "../../core/random";
import { describe, type Attributes } from "../attributes";
import type { MiniWorld } from "../types";
import type { Exercise } from "./types";

/**
 * Picture of a random combination → its five values, under the heading that a chain gives them: seeing, apart from any
 * class, in the words that a chain begins with.
 */
export function readAttributes(world: MiniWorld, random: Random): Exercise {
  const picture = world.freePicture(random.integer(world.config.baseImages));
  return {
    task: "readAttributes",
    user: analysisPrompt(picture.domain),
    picture,
    completion: analysisText(picture.attributes),
  };
}

/** The words that ask for the values of a picture. */
export function analysisPrompt(domain: string): string {
  return `<image> ${domain} ? analysis`;
}

/** The first stage of a chain, alone. */
export function analysisText(attributes: Attributes): string {
  return `analysis ${describe(attributes)}`;
}
