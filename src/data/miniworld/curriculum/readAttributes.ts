import type { Random } from "../../../core/random";
import { describe } from "../attributes";
import type { MiniWorld } from "../world";
import type { Exercise } from "./types";

/** Picture of a random combination → its five values: seeing, apart from any class. */
export function readAttributes(world: MiniWorld, random: Random): Exercise {
  const picture = world.freePicture(random.integer(world.config.baseImages));
  return {
    task: "readAttributes",
    user: analysisPrompt(picture.domain),
    picture,
    completion: describe(picture.attributes),
  };
}

/** The words that ask for the values of a picture. */
export function analysisPrompt(domain: string): string {
  return `<image> ${domain} ? analysis`;
}
