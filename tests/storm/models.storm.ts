import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { Random } from "../../src/core/random";
import { silent } from "../../src/core/progress";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { toHfConfig } from "../../src/model/qwen/configWriter";
import { QwenModel } from "../../src/model/qwen/model";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { BREAKS, spoil } from "./breaks";
import { report } from "./figures";
import { filesOf, newHome, ROOT } from "./runs";
import { SEED } from "./seed";

/** The files of a base and its encoder, each broken in every way, opened as a run opens them. */
const scratch = newHome("models");
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

const SAMPLE = [{ role: "user" as const, content: "<image> bird ?" }];

/** All that answers depend on. */
async function everything(folder: string): Promise<string> {
  const [base, encoder] = [path.join(folder, "base"), path.join(folder, "siglip")];
  await labOf({ ...loadProfile("smoke"), base, encoder }, { progress: silent });
  const model = await QwenModel.load(base);
  const sums = (parameters: QwenModel["parameters"]): unknown =>
    [...parameters].map(([name, v]) => [name, v.shape, Buffer.from(v.dataSync<"float32">().buffer).toString("base64")]);
  const tokens = model.tokenizer.encodePrompt(SAMPLE, [4]);
  const half = [sums(model.parameters), toHfConfig(model.config), tokens, model.tokenizer.decode(tokens)];
  model.dispose();
  const dual = MiniDualEncoder.load(encoder);
  const vectors = await dual.encodeTexts(["bird"]);
  const other = [sums(dual.parameters), vectors.map((v) => [...v])];
  dual.dispose();
  return JSON.stringify([half, other]);
}

it("a broken base or encoder is the same or a clear error; its weights never differ in silence", async () => {
  const random = new Random(`models ${SEED}`);
  const copy = path.join(scratch, "assets");
  const restore = (): void => {
    fs.rmSync(copy, { recursive: true, force: true });
    fs.cpSync(path.join(ROOT, "assets", "smoke"), copy, { recursive: true });
  };
  restore();
  const wanted = await everything(copy);
  const faults: string[] = [];
  const counts = { same: 0, said: 0, silent: 0 };
  for (const file of filesOf(copy)) {
    for (const how of BREAKS) {
      restore();
      spoil(path.join(copy, file), how, random);
      const made: unknown = await everything(copy).catch((error: unknown) => error);
      const what = `${how} in ${file}`;
      if (made instanceof LabError) counts.said++;
      else if (made instanceof Error) faults.push(`${what}: ${String(made)}`);
      else if (made === wanted) counts.same++;
      else {
        if (file.endsWith("model.safetensors")) faults.push(`${what}: other weights, silently`);
        counts.silent++;
      }
    }
  }
  expect(faults).toEqual([]);
  report(
    "broken files",
    `${counts.same + counts.said + counts.silent} in the base and the encoder`,
    `${counts.same} same, ${counts.said} clear errors, ${counts.silent} other settings taken on trust`,
  );
});
