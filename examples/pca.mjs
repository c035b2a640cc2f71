// Where does a model see a difference? Principal components of its hidden states over pictures of two domains.
//
//   node examples/pca.mjs
import { buildPrompt, loadBackend, loadProfile, openLab, pca, project, QwenModel, silent } from "../dist/index.js";

await loadBackend();
const { profile, world } = openLab("examples", loadProfile("smoke"), { progress: silent });
const model = await QwenModel.load(profile.base);

// One test picture of every class, each before the same kind of question.
const items = [...world.test("seen"), ...world.test("unseen")];
const prompts = await Promise.all(
  items.map(async ({ question, image }) => {
    const { superCategory } = image.subCategory;
    return buildPrompt("mini", { question, superCategory, image: await image.load(), thinking: true });
  }),
);

// The mean over the picture's tokens after the last layer: what the model has made of what it sees.
const states = await model.hiddenStates(prompts, { layer: model.config.text.layers, pool: "imageMean" });
const components = pca(states, 2);
const points = project(components, states);

console.log("share of the variance:", [...components.explained].map((share) => share.toFixed(2)).join(", "));
items.forEach(({ image }, i) => {
  const [x = 0, y = 0] = points[i] ?? [];
  console.log(image.subCategory.id.padEnd(28), x.toFixed(2).padStart(8), y.toFixed(2).padStart(8));
});
model.dispose();
