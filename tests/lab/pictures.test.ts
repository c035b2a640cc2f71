import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { silent, type Progress } from "../../src/core/progress";
import { encodePng } from "../../src/data/rasters";
import { openDataset } from "../../src/lab/datasets";
import { requirePictures } from "../../src/lab/pictures";
import { loadProfile } from "../../src/lab/profile";
import { chains } from "../../src/lab/recipe";
import { folderOf, several } from "../data/folderFixture";

const store = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-pictures-"));
afterAll(() => {
  fs.rmSync(store, { recursive: true });
});

it("finds a picture that is cut short before anything is made, and decodes a sound dataset once", async () => {
  const root = await folderOf(several(["a", "b", "c"], 6));
  const spec = `folder:${root}?shots=2&superCategory=letter`;
  const profile = loadProfile("smoke");
  const begun: string[] = [];
  const progress: Progress = {
    start: (label, ...rest) => {
      begun.push(label);
      return silent.start(label, ...rest);
    },
  };
  const required = async (): Promise<void> => {
    const dataset = await openDataset(spec, { fresh: true });
    const given = { given: "dataset", fingerprint: dataset.fingerprint, at: spec } as const;
    const stage = chains({ dataset: given, profile, seed: 1 }); // one that the store does not have
    await requirePictures({ dataset, store, progress }, [stage]);
  };
  const file = path.join(root, "b", "6.png");
  const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i) % 251);
  const whole = await encodePng({ width: 64, height: 64, data });
  fs.writeFileSync(file, whole.subarray(0, whole.length / 2)); // its header is whole
  await expect(required()).rejects.toThrow(
    /cannot be decoded to the end: letter\/b\/6\.png \(.*\)\. Repair or remove them/u,
  );

  fs.writeFileSync(file, whole);
  begun.length = 0;
  await required();
  await required();
  expect(begun).toEqual(["decoding pictures"]);
});
