// Hand a model of this project to Hugging Face's transformers: what is saved here loads there, and says the same.
//
//   node examples/transformers.mjs [folder]      the folder to write; default: a temporary one
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fr from "../dist/index.js";

await fr.loadBackend();
const { base, dataset: spec } = fr.lab.loadProfile("smoke");
const dataset = await fr.lab.openDataset(spec);
const model = await fr.model.QwenModel.load(base); // or one that you trained: runs/store/rl-…/model
const folder = path.resolve(process.argv[2] ?? path.join(os.tmpdir(), "fine-r1-for-transformers"));
await model.save(folder);

// What ours says, to compare with.
const image = await dataset.test("seen")[0]?.image.load();
const prompt = {
  messages: [{ role: /** @type {const} */ ("user"), content: "<image> bird ? answer" }],
  images: image ? [image] : [],
};
const greedy = { samples: 1, maxNewTokens: 12, temperature: 0, topP: 1, seed: 0 };
const [answers] = await model.generate([prompt], greedy);
console.log("here:", answers?.[0]?.text);
console.log("wrote", fs.readdirSync(folder).sort().join(", "));

console.log(`
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer
folder = ${JSON.stringify(folder)}
model = AutoModelForImageTextToText.from_pretrained(folder)
tokenizer = AutoTokenizer.from_pretrained(folder)
images = AutoImageProcessor.from_pretrained(folder)`);
model.dispose();
