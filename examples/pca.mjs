// Where does a model see a difference? Principal components of its hidden states over pictures of two domains.
//
//   node examples/pca.mjs
import * as fr from "../dist/index.js";

await fr.loadBackend();
const { base, dataset: spec } = fr.lab.loadProfile("smoke");
const dataset = await fr.lab.openDataset(spec);
const model = await fr.model.QwenModel.load(base);

// One test picture of every class, each before the same kind of question.
const items = fr.lab.testItems(dataset);
const prompts = await Promise.all(
  items.map(async ({ question, image }) => {
    const { superCategory } = image.subCategory;
    return fr.data.buildPrompt("mini", { question, superCategory, image: await image.load(), thinking: true });
  }),
);

// The mean over the picture's tokens after the last layer: what the model has made of what it sees.
const states = await model.hiddenStates(prompts, { layer: model.config.text.layers, pool: "imageMean" });
const components = fr.analysis.pca(states, 2);
const points = fr.analysis.project(components, states);

console.log("share of the variance:", [...components.explained].map((share) => share.toFixed(2)).join(", "));
items.forEach(({ image }, i) => {
  const [x = 0, y = 0] = points[i] ?? [];
  console.log(image.subCategory.id.padEnd(28), x.toFixed(2).padStart(8), y.toFixed(2).padStart(8));
});
model.dispose();
