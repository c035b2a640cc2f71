// Ask a model about a picture of your own, and see how sure it is of each option.
//
//   node examples/ask.mjs [picture.png]      without a picture: one that the mini-world draws
import {
  ask,
  buildPrompt,
  fitImage,
  loadBackend,
  loadProfile,
  openLab,
  parseAnswer,
  QwenModel,
  readImage,
  silent,
} from "../dist/index.js";

await loadBackend();
const { profile, world } = openLab("examples", loadProfile("mini"), { progress: silent });
const model = await QwenModel.load(profile.base);

// A question of the world about a bird: a picture, and four names of which one is its own.
const item = world.test("unseen").find(({ image }) => image.subCategory.superCategory === "bird");
if (item === undefined) throw new Error("the world has no birds");
const file = process.argv[2];
const picture = file === undefined ? await item.image.load() : await readImage(file);
const image = fitImage(picture, model.processor, world.config.imageSize ** 2); // the model knows pictures of this size
const { options, question } = item;
const superCategory = item.image.subCategory.superCategory;

// "mini" is the wording that the small models were taught; for a published Qwen it is "paper".
const thinking = true;
const prompt = buildPrompt("mini", { question, superCategory, options, image, thinking });
const said = await ask(model, prompt, { thinking, options, maxNewTokens: 96 });

console.log("asked   ", prompt.messages[0]?.content);
console.log("chain   ", parseAnswer(said.output).thinking);
console.log("answer  ", said.answer, `(the truth: ${file === undefined ? item.groundTruth : "you know"})`);
for (const { name, probability } of said.options) console.log("        ", name, probability.toFixed(3));
model.dispose();
