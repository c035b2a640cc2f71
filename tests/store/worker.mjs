// A process of its own that makes the work "steps" in a store: so many lines in a file, one at a time, going on from those
// that are there. Prints a line of JSON for each progress task that begins, and one for how it ended.
// A file `hold` in the store keeps it where it is.
//   node worker.mjs <store> <number of steps> <milliseconds each>
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { makeOnce } = createRequire(import.meta.url)("../../dist/store/store.js");
const [store, steps, pause] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const progress = {
  start: (label) => {
    say({ label });
    return { update: () => undefined, finish: () => undefined };
  },
};

async function run(folder) {
  const file = join(folder, "steps");
  const done = existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  for (let i = done; i < steps; i++) {
    appendFileSync(file, `${process.pid}\n`);
    do await new Promise((go) => setTimeout(go, pause));
    while (existsSync(join(store, "hold")));
  }
  return steps;
}

try {
  const { result, cached } = await makeOnce({ store, progress }, { kind: "steps", version: 1, inputs: { steps } }, { run, parse: Number }); // prettier-ignore
  say({ result, cached });
} catch (error) {
  say({ error: String(error.stack) });
}
