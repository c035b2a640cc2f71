import * as fs from "node:fs";
import * as path from "node:path";
import { loadConfig } from "../../src/config/load";
import { readStored } from "../../src/config/stored";
import { loadWorldConfig } from "../../src/miniworld/config";
import { parseCsv } from "../../src/core/csv";
import { readJson, readJsonl } from "../../src/core/files";
import { hashFile } from "../../src/core/hash";
import { openSafetensors, writeSafetensors } from "../../src/core/safetensors";
import { parseOutcome } from "../../src/cot/outcomes";
import { readCotRecords } from "../../src/cot/records";
import { readReleased } from "../../src/cot/released";
import { readClasses } from "../../src/data/folder/classes";
import { openFolder } from "../../src/data/folder/folder";
import { decodeImage } from "../../src/data/images";
import { parseStepFigures } from "../../src/engine/train";
import { readAnswers } from "../../src/eval/answers";
import { outcomesSchema } from "../../src/eval/outcomes";
import { baseConfigSchema } from "../../src/miniworld/base/config";
import { readKept } from "../../src/lab/kept";
import { kindNamed } from "../../src/lab/kinds";
import { loadProfile } from "../../src/lab/profile";
import { stageFrom } from "../../src/lab/stage";
import { parseQwenConfig } from "../../src/model/qwen/config";
import { parseImageProcessorConfig } from "../../src/model/qwen/imageProcessorFiles";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { readScript } from "../../src/model/scripted/script";
import { tableFromJson } from "../../src/report/table/json";
import { readRecord } from "../../src/store/record";
import { ROOT } from "./runs";
import type { Parser } from "./textParsers";

const FIGURES = '{"step":0,"learningRate":0.0002,"loss":1.25,"gradNorm":null,"seconds":0.1}\n';
const ANSWERS = `{"settings":{"model":"m","seed":42}}
{"answer":{"id":"a","image":"a.png","domain":"bird","seen":true,"truth":"ab","options":["ab","cd"],"output":"x","tokens":3,"finish":"stop"}}
`;
const COT = `{"version":1,"imageId":"a","question":"bird ?","label":"ab","superCategory":"bird","concepts":["red"],"stages":{"analysis":"a","candidates":["ab"],"comparison":"c","prediction":"ab"},"text":"t","provenance":{"teacher":"t","attempts":1,"seed":1}}\n`;
const OUTCOMES = `{"imageId":"a","attempts":3,"rejections":{"wrong prediction":2},"record":null}\n`;
const RELEASED = JSON.stringify([
  {
    messages: [
      { role: "system", content: "s" },
      { role: "user", content: "<image>Which bird?" },
      { role: "assistant", content: "<think>a</think>\n\n<answer>ab</answer>" },
    ],
    images: ["a.png"],
  },
]);
const SCRIPT = '{"rules":[{"contains":"bird","answers":[{"text":"ab","probability":0.5}]}],"otherwise":[{"text":"x"}]}';
const CLASSES = 'folder,name,superCategory,genus,split\na,"a, b",bird,Aa,seen\nc,,bird,,unseen\n';
const JUDGED = `{"version":1,"items":[{"bird":{"seen":["a","b"],"unseen":["c"]}}],"outcomes":[{"method":"tapo","seed":1,"setting":"open","metric":"accuracy","items":0,"values":"10-"},{"method":"tapo","seed":2,"setting":"open","metric":"similarity","items":0,"values":"zz0a--"}]}`;
const MEASURED = `{"version":2,"settings":{"rl.n1":"5"},"made":[{"method":"tapo","seed":1,"at":"2026-01-01","processor":"p","numerics":"n","keys":["k"]}],"measurements":[{"method":"tapo","seed":1,"dataset":"d","domain":"mean","split":"seen","setting":"open","metric":"accuracy","value":0.5,"low":0.4,"high":0.6,"n":9}]}`;
const RECORD = `{"kind":"triplets","version":1,"inputs":{"a":1},"result":{"triplets":4},"startedAt":"2026-01-01","seconds":1,"outputs":[{"path":"triplets.json","bytes":9,"sha256":"aa","modified":1.5}]}`;
const TRIPLETS = `{"dataset":{"given":"dataset","fingerprint":"aa","at":"miniworld:smoke"},"encoder":{"given":"encoder","fingerprint":"bb","at":"siglip"},"seed":1}`;
/** Readers of files; each input is written to a file in `scratch`, byte for byte where it is binary. */
export function fileParsers(scratch: string): Parser[] {
  const own = (...parts: string[]): string => fs.readFileSync(path.join(ROOT, ...parts), "utf8");
  const at = path.join(scratch, "input");
  const from =
    (read: (file: string) => unknown, encoding: "utf8" | "latin1" = "utf8") =>
    (text: string) => {
      fs.writeFileSync(at, text, encoding);
      return read(at);
    };
  const tokenizer = tokenizerFolder(scratch);
  const header = path.join(scratch, "header.safetensors");
  writeSafetensors(header, [
    { name: "a", shape: [2, 2], data: new Float32Array(4) },
    { name: "b", shape: [3], data: new Int32Array(3) },
  ]);
  const weights = fs.readFileSync(header, "latin1");
  const golden = path.join(ROOT, "tests", "reference", "golden", "image_colours");
  const pictures = ["plain.png", "camera.jpg"].map((name) => fs.readFileSync(path.join(golden, name), "latin1"));
  const worlds = ["test", "smoke"].map((name) => own("configs", "worlds", `${name}.yaml`));
  const bases = ["mini", "smoke"].map((name) => own("configs", "base", `${name}.yaml`));
  const model = ["base", "siglip"].map((name) => own("assets", "smoke", name, "config.json"));
  return [
    { name: "world YAML", corpus: worlds, count: 1500, read: from(loadWorldConfig) },
    { name: "base YAML", corpus: bases, count: 1500, read: from((file) => loadConfig(file, baseConfigSchema)) },
    {
      name: "profile keys",
      corpus: ["rl.n1=8", 'cot={"maxAttempts":2}', "seed=1", "cot.imagesPerClass=[1]", "description=x"],
      count: 3000,
      read: (text) => loadProfile("smoke", { [text.split("=")[0] ?? ""]: text.split("=")[1] }),
    },
    { name: "model config", corpus: model, count: 3000, read: from((file) => parseQwenConfig(readJson(file))) },
    {
      name: "image settings",
      corpus: [own("assets", "smoke", "base", "preprocessor_config.json")],
      count: 4000,
      read: from((file) => parseImageProcessorConfig(readJson(file))),
    },
    { name: "safetensors", corpus: [weights], count: 5000, read: from(readAll, "latin1") },
    {
      name: "metrics",
      corpus: [FIGURES.repeat(3)],
      count: 3000,
      read: from((file) => readJsonl(file, parseStepFigures)),
    },
    { name: "measurements", corpus: [MEASURED], count: 2000, read: fromFolder(scratch, "measurements.json", readKept) },
    {
      name: "outcomes",
      corpus: [JUDGED],
      count: 2000,
      read: from((file) => readStored(file, outcomesSchema, "file of outcomes", "Remove it.")),
    },
    { name: "records of stages", corpus: [RECORD], count: 2000, read: fromFolder(scratch, "stage.json", readRecord) },
    {
      name: "stages in JSON",
      corpus: [TRIPLETS],
      count: 2000,
      read: from((file) => stageFrom(kindNamed("triplets", 1), readJson(file)).key),
    },
    { name: "files of answers", corpus: [ANSWERS], count: 3000, read: from(readAnswers) },
    { name: "chain records", corpus: [COT], count: 3000, read: from(readCotRecords) },
    { name: "journals", corpus: [OUTCOMES], count: 3000, read: from((file) => readJsonl(file, parseOutcome)) },
    { name: "released chains", corpus: [RELEASED], count: 2000, read: from(readReleased) },
    { name: "scripts", corpus: [SCRIPT], count: 2000, read: from(readScript) },
    {
      name: "tables in JSON",
      corpus: [own("results", "quickstart", "mini", "table.json")],
      count: 3000,
      read: tableFromJson,
    },
    {
      name: "CSV",
      corpus: ['m,v\n"a, ""b""",1.5\n,\n', "m,v\r\na,1\r\n"],
      count: 4000,
      read: (text) => parseCsv(text),
    },
    { name: "classes.csv", corpus: [CLASSES], count: 3000, read: from(readClasses) },
    { name: "exported datasets", count: 2000, ...exportedFolder(scratch, path.join(golden, "plain.png")) },
    {
      name: "tokenizers",
      corpus: [own("assets", "smoke", "base", "tokenizer.json")],
      count: 1000,
      read: tokenizer("tokenizer.json"),
    },
    {
      name: "chat templates",
      corpus: [own("assets", "smoke", "base", "chat_template.jinja")],
      count: 2000,
      read: tokenizer("chat_template.jinja"),
    },
    {
      name: "pictures",
      corpus: pictures,
      count: 1000,
      read: (text) => decodeImage(Buffer.from(text, "latin1"), "picture"),
    },
  ];
}

/** Reads a folder of one file, which is the input. */
function fromFolder(scratch: string, name: string, read: (folder: string) => unknown): (text: string) => unknown {
  const folder = path.join(scratch, `folder of ${name}`);
  fs.mkdirSync(folder);
  return (text) => {
    fs.writeFileSync(path.join(folder, name), text);
    return read(folder);
  };
}

function readAll(file: string): unknown {
  const opened = openSafetensors(file);
  try {
    return [...opened.tensors].map(([name, { dtype }]) =>
      dtype === "F32" ? opened.readFloat32(name) : opened.readInt32(name),
    );
  } finally {
    opened.close();
  }
}

/** Opens an export of one picture whose dataset.json is the input, and asks it everything. */
function exportedFolder(scratch: string, picture: string): Pick<Parser, "corpus" | "read"> {
  const folder = path.join(scratch, "export");
  fs.mkdirSync(path.join(folder, "test", "a"), { recursive: true });
  fs.copyFileSync(picture, path.join(folder, "test", "a", "1.png"));
  const question = "bird ?";
  const item = { id: "i", picture: "p", question, options: ["a"], groundTruth: "a" };
  const exported = {
    version: 2,
    name: "x",
    wording: "mini",
    classes: [{ id: "bird/a", folder: "a", name: "a", superCategory: "bird", seen: true }],
    pictures: [{ id: "p", class: "bird/a", file: "test/a/1.png", sha256: hashFile(picture), question, options: ["a"] }],
    train: ["p"],
    validation: [],
    test: { seen: [item], unseen: [] },
  };
  return {
    corpus: [JSON.stringify(exported)],
    read: async (text) => {
      fs.writeFileSync(path.join(folder, "dataset.json"), text);
      const dataset = await openFolder(folder);
      const asked = dataset.train.map((image) => [dataset.question(image), dataset.optionsFor(image)]);
      return [asked, dataset.test("seen")];
    },
  };
}

/** Loads a tokenizer one of whose files is the input, and puts a conversation through it. */
function tokenizerFolder(scratch: string): (name: string) => (text: string) => unknown {
  const folder = path.join(scratch, "tokenizer");
  const good = path.join(ROOT, "assets", "smoke", "base");
  const messages = [{ role: "user", content: "<image> bird ?" }] as const;
  return (name) => (text) => {
    fs.mkdirSync(folder, { recursive: true });
    for (const each of ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"])
      fs.copyFileSync(path.join(good, each), path.join(folder, each));
    fs.writeFileSync(path.join(folder, name), text);
    return QwenTokenizer.load(folder).encodePrompt(messages, [4]);
  };
}
