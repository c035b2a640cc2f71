// Mine triplets (§4.3): to every training picture another of its class, and one of the class most easily taken for it.
//
//   node examples/triplets.mjs
import * as fr from "../dist/index.js";

await fr.loadBackend();
const profile = fr.lab.loadProfile("smoke");
const dataset = await fr.lab.openDataset(profile.dataset);
const encoder = fr.model.MiniDualEncoder.load(profile.encoder);

// Any function from pictures to vectors will do; the classes' mean vectors are compared by their cosine.
const triplets = await fr.data.mineTriplets(dataset, (images) => encoder.encodeImages(images), { seed: 1 });

for (const { anchor, positive, negative } of triplets.slice(0, 5)) {
  console.log(anchor.id, "| same class:", positive.id, "| hardest other:", negative.subCategory.name);
}
const sameGenus = triplets.filter((t) => t.negative.subCategory.genus === t.anchor.subCategory.genus).length;
console.log(`${triplets.length} triplets; the negative is of the anchor's genus in ${sameGenus}.`);
encoder.dispose();
