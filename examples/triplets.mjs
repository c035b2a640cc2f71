// Mine triplets (§4.3): to every training picture another of its class, and one of the class most easily taken for it.
//
//   node examples/triplets.mjs
import { loadBackend, loadProfile, mineTriplets, openEncoder, openLab, silent } from "../dist/index.js";

await loadBackend();
const { profile, world } = openLab("examples", loadProfile("smoke"), { progress: silent });
const encoder = await openEncoder(profile.dualEncoder);

// Any function from pictures to vectors will do; the classes' mean vectors are compared by their cosine.
const triplets = await mineTriplets(world, (images) => encoder.encodeImages(images), {
  seed: 1,
  embedder: encoder.key,
});

for (const { anchor, positive, negative } of triplets.slice(0, 5)) {
  console.log(anchor.id, "| same class:", positive.id, "| hardest other:", negative.subCategory.name);
}
const sameGenus = triplets.filter((t) => t.negative.subCategory.genus === t.anchor.subCategory.genus).length;
console.log(`${triplets.length} triplets; the negative is of the anchor's genus in ${sameGenus}.`);
encoder.dispose();
