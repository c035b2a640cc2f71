import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { writeJson } from "../../../src/core/files";
import { readQwenConfig } from "../../../src/model/qwen/config";
import { readImageProcessorConfig } from "../../../src/model/qwen/imageProcessorFiles";
import { PROCESSOR_VARIANTS, VARIANTS_3B, VARIANTS_QWEN2_7B } from "../../model/configVariants";
import { listed } from "../../reference/listed";
import { reference, runReference } from "../../reference/python";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "forms-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
const lines = (text: string): unknown[] => text.trim().split("\n").map((line) => JSON.parse(line) as unknown); // prettier-ignore

it("every form of config.json means to us what it means to transformers", async () => {
  const forms = [...Object.values(VARIANTS_3B), ...Object.values(VARIANTS_QWEN2_7B)];
  const folders = forms.map((form, i) => {
    const folder = path.join(scratch, `config-${i}`);
    writeJson(path.join(folder, "config.json"), form);
    return folder;
  });
  const theirs = lines(await runReference("check_config.py", folders));
  expect(theirs).toEqual(folders.map((folder) => listed(readQwenConfig(folder))));
});

it("every form of an image processor's files means to us what it means to transformers", async () => {
  // transformers 5 has lost this one: it reads bounds of `null` there, and cannot resize
  const forms = Object.entries(PROCESSOR_VARIANTS).filter(([name]) => name !== "bounds in size under their own names");
  const folders = forms.map(([, files], i) => {
    const folder = path.join(scratch, `processor-${i}`);
    for (const [name, content] of Object.entries(files)) writeJson(path.join(folder, name), content);
    return folder;
  });
  const theirs = lines(await reference.run(path.join(__dirname, "check_processor.py"), folders));
  const ours = folders.map((folder) => {
    const found = readImageProcessorConfig(folder);
    return found === undefined ? undefined : [found.minPixels, found.maxPixels, found.patchSize, found.mergeSize, found.temporalPatchSize, found.imageMean, found.imageStd]; // prettier-ignore
  });
  expect(theirs).toEqual(ours);
});
