import { spawn } from "node:child_process";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { Argument, type Command } from "commander";
import { loadConfig, ROOT } from "../config/load";
import { configFile } from "../config/names";
import { runsRoot } from "../config/places";
import { loadWorldConfig } from "../miniworld/config";
import { loadBackend, requireTraining } from "../core/backend";
import { LabError, required } from "../core/errors";
import { requireWritable } from "../core/files";
import { sweepLeftovers } from "../core/leftovers";
import { check } from "../core/progress";
import { buildMiniWorld } from "../miniworld/world";
import { BASE_BRANCHES, buildBase, buildBranch, type BaseBranch, type BaseWork } from "../miniworld/base/build";
import { installBase } from "../miniworld/base/card";
import { baseConfigSchema } from "../miniworld/base/config";
import { stoppable } from "./stop";

interface BaseArguments {
  readonly config: string;
  readonly world: string;
  readonly out: string;
  readonly serial?: boolean;
}

/** `fine-r1 base build`. */
export function addBaseCommand(program: Command): void {
  const base = program.command("base").description("the mini-world's base checkpoints");
  const shared = (command: Command): Command =>
    command
      .option("--config <name>", "a file of configs/base", "mini")
      .option("--world <name>", "a file of configs/worlds", "test")
      .option("--out <folder>", "where the base/ and siglip/ folders go", path.join("assets", "mini"));
  shared(base.command("build"))
    .description("make the base model and the SigLIP-style encoder from nothing, measure them, write the model card")
    .option("--serial", "one stage after the other in this process, instead of two processes side by side")
    .action(async (options: BaseArguments) => {
      const watched = stoppable();
      const work = openWork(options, watched); // a mistake in the options is said once, before the branches
      const out = path.resolve(options.out);
      requireWritable(out); // asked before the training, not after it
      sweepLeftovers(out);
      if (options.serial !== true) await runBranches(options, watched.signal);
      await loadBackend();
      await requireTraining();
      const built = await buildBase(work);
      const card = await installBase(work, built, out);
      console.log(card);
    });
  shared(base.command("branch", { hidden: true }))
    .addArgument(new Argument("<branch>").choices(BASE_BRANCHES))
    .action(async (branch: BaseBranch, options: BaseArguments) => {
      await loadBackend();
      await requireTraining();
      await buildBranch(openWork(options, stoppable()), branch);
    });
}

function openWork({ config, world }: BaseArguments, watched: Pick<BaseWork, "progress" | "signal">): BaseWork {
  return {
    config: loadConfig(configFile("base", config), baseConfigSchema),
    world: buildMiniWorld(loadWorldConfig(configFile("worlds", world))),
    store: path.join(runsRoot(), "base", world),
    ...watched,
  };
}

/** Runs the branches side by side; when one fails, the other is ended. Ctrl-C reaches them as well, and each saves its work. */
async function runBranches(options: BaseArguments, stop: AbortSignal): Promise<void> {
  const others = new AbortController();
  const running = BASE_BRANCHES.map((branch) => runBranch(branch, options, others.signal));
  try {
    await Promise.all(running);
  } catch (error) {
    if (stop.aborted) await Promise.allSettled(running);
    check(stop);
    throw error;
  } finally {
    others.abort();
  }
}

/** Runs a branch in a process of its own and passes its messages on. */
function runBranch(branch: BaseBranch, options: BaseArguments, signal: AbortSignal): Promise<void> {
  const cli = path.join(ROOT, "dist", "cli.js");
  const { config, world } = options;
  const child = spawn(process.execPath, [cli, "base", "branch", branch, "--config", config, "--world", world], {
    stdio: ["ignore", "inherit", "pipe", "ipc"], // the channel says nothing: its end tells the child that we are gone
    signal,
  });
  const lines = createInterface({ input: required(child.stderr, () => new RangeError("the child has no stderr")) });
  lines.on("line", (line) => {
    console.error(`[${branch}] ${line}`);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new LabError(
            `the ${branch} branch ended with code ${String(code)}`,
            "See its messages above, then run again: it goes on from its last checkpoint.",
          ),
        );
    });
  });
}
