import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { encodePng } from "../../../src/data/rasters";
import { openDataset } from "../../../src/lab/datasets";
import { openModel } from "../../../src/model/open";
import { PythonEnvironment } from "../../pythonEnvironment";
import { reference } from "../../reference/python";

const ROOT = path.resolve(__dirname, "../../..");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "card-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
const torchvision = new PythonEnvironment({
  folder: "interop/torchvision",
  requirements: [`no-deps:${path.join(__dirname, "torchvision.txt")}`],
});

it("the snippet in an exported checkpoint's README.md loads it in transformers and gives our answer", async () => {
  const out = path.join(scratch, "mini-model");
  const { status, stderr } = spawnSync("node", ["dist/cli.js", "export", "assets/mini/base", "-o", out], {
    cwd: ROOT,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  const dataset = await openDataset("miniworld:test");
  const items = dataset.test("seen");
  const places = [0, 0.3, 0.6, 0.9].map((share) => Math.floor(share * items.length)); // of several classes
  const images = await Promise.all(items.filter((_, i) => places.includes(i)).map(({ image }) => image.load()));

  await torchvision.ensure();
  const lib = path.join(torchvision.folder, "lib");
  const site = path.join(lib, fs.readdirSync(lib)[0] ?? "", "site-packages");
  const model = await openModel(out);
  const content = "<image> bird ? answer";
  const answers = await model.generate(
    images.map((image) => ({ messages: [{ role: "user", content }], images: [image] })),
    { samples: 1, maxNewTokens: 256, temperature: 0, topP: 1, seed: 1 },
  );
  model.dispose();
  for (const [i, image] of images.entries()) {
    const file = path.join(scratch, `${i}.png`);
    fs.writeFileSync(file, await encodePng(image));
    const said = await reference.run(path.join(__dirname, "run_snippet.py"), [path.join(out, "README.md"), out, file], { PYTHONPATH: site }); // prettier-ignore
    expect(said.trim()).toBe(answers[i]?.[0]?.text);
  }
  expect(new Set(answers.map(([answer]) => answer?.text)).size).toBeGreaterThan(1);
});
