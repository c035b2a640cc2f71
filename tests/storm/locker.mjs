// A process of the lock races (locks.storm.ts): at the given moment it runs a stage in the given folder, and tells
// whether it got in, and how many were inside with it.
import { createRequire } from "node:module";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(import.meta.url);
const { runStage, quietContext } = require("../../dist/store/stage.js");

const sleep = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));

async function inside(folder) {
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

process.on("message", async ({ root, at }) => {
  while (Date.now() < at);
  try {
    const { result, cached } = await runStage(quietContext(root), "race", {}, { parse: Number, run: inside });
    process.send({ together: cached ? 0 : result });
  } catch (error) {
    process.send({ together: 0, refused: error.name === "LabError" ? "said" : String(error.stack) });
  }
});
