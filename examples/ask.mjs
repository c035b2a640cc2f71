// Ask a model about a picture of your own, and see how sure it is of each option.
//
//   node examples/ask.mjs [picture.png]      without a picture: one that the mini-world draws
import * as fr from "../dist/index.js";

await fr.loadBackend();
const { base, dataset: spec } = fr.lab.loadProfile("mini");
const dataset = await fr.lab.openDataset(spec);
const model = await fr.model.QwenModel.load(base);

// A question of the mini-world about a bird: a picture, and four names of which one is its own.
const item = dataset.test("unseen").find(({ image }) => image.subCategory.superCategory === "bird");
if (item === undefined) throw new Error("the dataset has no birds");
const { options, question } = item;
const { superCategory } = item.image.subCategory;
const drawn = await item.image.load();
const file = process.argv[2];
const picture = file === undefined ? drawn : await fr.data.readImage(file);
const image = fr.model.fitImage(picture, model.processor, drawn.width * drawn.height); // it knows pictures of this size

// "mini" is the wording that the small models were taught; for a published Qwen it is "paper".
const thinking = true;
const prompt = fr.data.buildPrompt("mini", { question, superCategory, options, image, thinking });
const said = await fr.evaluation.ask(model, prompt, { thinking, options, maxNewTokens: 96 });

console.log("asked   ", prompt.messages[0]?.content);
console.log("chain   ", fr.core.parseAnswer(said.output).thinking);
console.log("answer  ", said.answer, `(the truth: ${file === undefined ? item.groundTruth : "you know"})`);
for (const { name, probability } of said.options) console.log("        ", name, probability.toFixed(3));
model.dispose();
