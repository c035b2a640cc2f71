import * as path from "node:path";
import type { Command } from "commander";
import { loadConfig, ROOT } from "../config/load";
import { configFile } from "../config/names";
import { runsRoot } from "../config/places";
import { loadWorldConfig } from "../miniworld/config";
import { requireTraining } from "../core/backend";
import { requireWritable } from "../core/files";
import { buildMiniWorld } from "../miniworld/world";
import { buildBase, type BaseWork } from "../miniworld/base/build";
import { installBase, requireBaseFolder, sweepBaseFolder } from "../miniworld/base/card";
import { baseConfigSchema } from "../miniworld/base/config";
import { buildsOf, requireBuilt, type BaseBuild, type Missing } from "../lab/missing";
import { stoppable } from "./stop";
import { addWorkersOption, withWorkers, type WorkersArgument } from "./workers";

interface BaseArguments extends BaseBuild, WorkersArgument {}

/** `fine-r1 base build`. */
export function addBaseCommand(program: Command): void {
  const base = program.command("base").description("the mini-world's base checkpoints");
  const command = base
    .command("build")
    .description("make the base model and its encoders from nothing, measure them, write the model card")
    .option("--config <name>", "a file of configs/base", "mini")
    .option("--world <name>", "a file of configs/worlds", "test")
    .option("--out <folder>", "where the folders base/, siglip/ and clip/ go", path.join("assets", "mini"));
  addWorkersOption(command).action(async (options: BaseArguments) => {
    console.log(await makeBase({ ...options, out: path.resolve(options.out) }, options, stoppable()));
  });
}

/** Builds the bases that are missing. @throws LabError, before the first, for what no build makes */
export async function makeBases(
  missing: readonly Missing[],
  workers: WorkersArgument,
  watched: Pick<BaseWork, "progress" | "signal">,
): Promise<void> {
  requireBuilt(missing.filter(({ build }) => build === undefined));
  for (const build of buildsOf(missing)) {
    await makeBase({ ...build, out: path.resolve(ROOT, build.out) }, workers, watched);
  }
}

/** Builds a base and installs it. @returns its card as Markdown */
async function makeBase(
  { config, world, out }: BaseBuild,
  workers: WorkersArgument,
  watched: Pick<BaseWork, "progress" | "signal">,
): Promise<string> {
  const plain: BaseWork = {
    config: loadConfig(configFile("base", config), baseConfigSchema),
    world: buildMiniWorld(loadWorldConfig(configFile("worlds", world))),
    store: path.join(runsRoot(), "base", world),
    ...watched,
  };
  requireBaseFolder(out, plain.config); // asked before the training, not after it
  requireWritable(out);
  sweepBaseFolder(out);
  await requireTraining();
  return withWorkers(workers, async (pool) => {
    const work = { ...plain, workers: pool };
    return installBase(work, await buildBase(work), out);
  });
}
