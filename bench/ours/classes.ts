/**
 * What a world costs by the number of its classes, all but the training step: the child of bench/scaling.ts. Argument: how many
 * classes. Writes the figures as JSON (bench/lib/classes.ts).
 */
import { loadConfig } from "../../src/config/load";
import { configFile } from "../../src/config/names";
import { loadBackend } from "../../src/core/backend";
import { mineTriplets } from "../../src/data/triplets";
import type { BenchmarkItem } from "../../src/data/types";
import type { Answer } from "../../src/eval/answers";
import { askAll } from "../../src/eval/asking";
import { measure } from "../../src/eval/measure";
import { METRICS } from "../../src/eval/metrics";
import { similarities } from "../../src/eval/similarity";
import { openEncoder } from "../../src/lab/encoder";
import { givenEncoder } from "../../src/lab/given";
import { loadProfile } from "../../src/lab/profile";
import { worldSchema } from "../../src/miniworld/config";
import type { MiniWorld } from "../../src/miniworld/types";
import { buildMiniWorld } from "../../src/miniworld/world";
import { worldOf, type ClassCosts } from "../lib/classes";
import { count, runMain } from "../lib/options";
import { withRandomModel } from "../lib/randomModel";

const ASKED = 48;

async function secondsOf(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** The right answer to an open question. */
function rightAnswer({ id, image, groundTruth }: BenchmarkItem): Answer {
  const { superCategory: domain, seen } = image.subCategory;
  const output = `<answer>${groundTruth}</answer>`;
  return {
    ...{ id, image: image.id, domain, seen, truth: groundTruth, output },
    options: null,
    tokens: 5,
    finish: "stop",
  };
}

async function costsOf(world: MiniWorld, build: number): Promise<ClassCosts> {
  const items = [...world.test("seen"), ...world.test("unseen")];
  const answers = items.map(rightAnswer);
  const encoder = openEncoder(givenEncoder(loadProfile("mini").encoder));
  const how = { thinking: false, superCategory: "dataset" as const };
  const context = { ...how, classes: world.subCategories };
  const metrics = METRICS.filter(({ name, settings }) => settings.includes("open") && name !== "similarity");
  const about = { method: "right", seed: 1, dataset: world.name, setting: "open" as const, metrics, context };
  const words = world.vocabulary();
  const costs = {
    classes: world.subCategories.length,
    words: words.length,
    questions: items.length,
    trainingPictures: world.train.length,
    build,
    mining: await secondsOf(() => mineTriplets(world, (images) => encoder.encodeImages(images), { seed: 1 })),
    asking: await withRandomModel({ words }, ({ model }) => askingSeconds(model, spread(items, ASKED))),
    metrics: await secondsOf(() => measure(answers, about)),
    similarity: await secondsOf(() => similarities(answers, { ...how, similarity: encoder.similarity })),
  };
  encoder.dispose();
  return costs;
}

function askingSeconds(model: Parameters<typeof askAll>[0], items: readonly BenchmarkItem[]): Promise<number> {
  const options = { setting: "closed", thinking: true, promptSet: "mini", maxNewTokens: 48, batchSize: ASKED } as const;
  return secondsOf(() => askAll(model, items, options));
}

/** As many items, evenly from all of them. */
function spread<T>(items: readonly T[], many: number): T[] {
  return items.filter((_, i) => Math.floor((i * many) / items.length) !== Math.floor(((i - 1) * many) / items.length));
}

runMain(async () => {
  const classes = count("classes", process.argv[2] ?? "");
  await loadBackend();
  const config = worldOf(classes, loadConfig(configFile("worlds", "test"), worldSchema));
  const started = performance.now();
  const world = buildMiniWorld(config);
  process.stdout.write(JSON.stringify(await costsOf(world, (performance.now() - started) / 1000)));
});
