// A process of the lease races (leases.storm.ts): at the given moment it makes a work in the given store, and tells
// whether it did the work, and how many were at it together.
import { createRequire } from "node:module";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const { makeOnce } = createRequire(import.meta.url)("../../dist/store/store.js");

const progress = { start: () => ({ update: () => undefined, finish: () => undefined }) };
const sleep = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

async function run(folder) {
  const mark = join(folder, `inside-${process.pid}`);
  writeFileSync(mark, "");
  const count = () => readdirSync(folder).filter((name) => name.startsWith("inside-")).length;
  let most = count();
  for (let i = 0; i < 6; i++) {
    await sleep(5);
    most = Math.max(most, count());
  }
  rmSync(mark);
  return most;
}

process.on("message", async ({ store, at }) => {
  while (Date.now() < at);
  try {
    const made = await makeOnce({ store, progress }, { kind: "race", version: 1, inputs: {} }, { run, parse: Number });
    process.send({ together: made.cached ? 0 : made.result });
  } catch (error) {
    process.send({ together: 0, error: String(error.stack) });
  }
});
