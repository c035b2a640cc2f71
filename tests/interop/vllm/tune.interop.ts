import { cotPrompt } from "../../../src/cot/template";
import * as fs from "node:fs";
import { it } from "vitest";
import { curate, DEFAULT_CURATION_SETTINGS } from "../../../src/cot/curate";
import { DEFAULT_MODEL_TEACHER_OPTIONS, modelTeacher } from "../../../src/cot/modelTeacher";
import { groupByClass } from "../../../src/data/fewshot";
import { openDataset } from "../../../src/lab/datasets";
import { QwenModel } from "../../../src/model/qwen/model";
import { makeBadTeacher } from "./badTeacher";
it("tunes", async () => {
  const dataset = await openDataset("miniworld:test");
  const classes = [...groupByClass(dataset.train).values()].filter((_, i) => i % 36 === 0);
  const items = classes.flatMap(([image]) =>
    image === undefined ? [] : [{ image, question: dataset.question(image) }],
  );
  const began = performance.now();
  fs.mkdirSync("/tmp/served/bad", { recursive: true });
  await makeBadTeacher("assets/mini/base", "/tmp/served/bad", items);
  console.log("made in", (performance.now() - began) / 1000);
  const config = JSON.parse(fs.readFileSync("/tmp/served/bad/teacher/config.json", "utf8"));
  fs.writeFileSync("/tmp/served/bad/teacher/config.json", JSON.stringify({ ...config, max_position_embeddings: 4096 }));
  const model = await QwenModel.load("/tmp/served/bad/teacher");
  const teacher = modelTeacher(model, { ...DEFAULT_MODEL_TEACHER_OPTIONS, chainTokens: 100, descriptionTokens: 30 });
  const first = items[0]!;
  console.log(await teacher.describe(first.image, 5, 1));
  const more = [...groupByClass(dataset.train).values()].filter((_, i) => i % 12 === 0);
  const asked = more.flatMap(([image]) => (image === undefined ? [] : [{ image, question: dataset.question(image) }]));
  console.log(await teacher.reason(first.image, cotPrompt({ label: first.image.subCategory.name, concepts: ["red", "striped", "long"], question: first.question }), 8, 1));
  const { report } = await curate(asked, teacher, { ...DEFAULT_CURATION_SETTINGS, maxAttempts: 40 });
  console.log(JSON.stringify(report, null, 1), (performance.now() - began) / 1000);
});
