import { z } from "zod";
import { LabError } from "../../core/errors";
import { numbers, type PictureSet } from "./listing";

/**
 * The names of labels 1 to 102. The archive has none: its page shows the names without the numbers, and this list, in the order of the
 * labels, has gone from one program to the next since. This is clip-benchmark's (1.6.2, en_classnames.json); the released benchmark
 * spells all 102 so, too.
 */
const NAMES = [
  "pink primrose, hard-leaved pocket orchid, canterbury bells, sweet pea, english marigold, tiger lily, moon orchid, bird of paradise",
  "monkshood, globe thistle, snapdragon, colt's foot, king protea, spear thistle, yellow iris, globe flower, purple coneflower",
  "peruvian lily, balloon flower, giant white arum lily, fire lily, pincushion flower, fritillary, red ginger, grape hyacinth, corn poppy",
  "prince of wales feathers, stemless gentian, artichoke, sweet william, carnation, garden phlox, love in the mist, mexican aster",
  "alpine sea holly, ruby-lipped cattleya, cape flower, great masterwort, siam tulip, lenten rose, barbeton daisy, daffodil, sword lily",
  "poinsettia, bolero deep blue, wallflower, marigold, buttercup, oxeye daisy, common dandelion, petunia, wild pansy, primula, sunflower",
  "pelargonium, bishop of llandaff, gaura, geranium, orange dahlia, pink and yellow dahlia, cautleya spicata, japanese anemone",
  "black-eyed susan, silverbush, californian poppy, osteospermum, spring crocus, bearded iris, windflower, tree poppy, gazania, azalea",
  "water lily, rose, thorn apple, morning glory, passion flower, lotus, toad lily, anthurium, frangipani, clematis, hibiscus, columbine",
  "desert-rose, tree mallow, magnolia, cyclamen, watercress, canna lily, hippeastrum, bee balm, air plant, foxglove, bougainvillea",
  "camellia, mallow, mexican petunia, bromelia, blanket flower, trumpet creeper, blackberry lily",
].flatMap((line) => line.split(", "));

const labelled = z.looseObject({ labels: z.array(z.int().min(1).max(NAMES.length)) });
const split = z.looseObject({ trnid: numbers, valid: numbers, tstid: numbers });

/**
 * Oxford Flowers-102 (Nilsback and Zisserman, 2008): 8,189 pictures of 102 flowers; 1,020 for training, 1,020 for validation, 6,149 for
 * testing. Some papers train on `tstid` and test on `trnid`, since it is the larger; here each is what its name says, as in the release,
 * whose test questions are about 6,149 pictures.
 */
export const flowers: PictureSet = {
  kind: "flowers",
  title: "Oxford Flowers-102",
  superCategory: "flower",
  folders: ["flowers-102", "flowers", "flower102"],
  released: ["flower", "flowers"],
  marks: ["setid.mat"],
  counts: { classes: 102, train: 1020, validation: 1020, test: 6149 },
  published:
    "Its authors publish 102flowers.tgz, imagelabels.mat and setid.mat at https://www.robots.ox.ac.uk/~vgg/data/flowers/102/.",
  read(folder) {
    const { labels } = folder.mat("imagelabels.mat", labelled);
    const { trnid, valid, tstid } = folder.mat("setid.mat", split);
    requireAll(trnid.length + valid.length + tstid.length, labels.length, folder.root);
    const jpg = folder.folderOf("jpg");
    const parts = { train: trnid, validation: valid, test: tstid };
    const pictures = (["train", "validation", "test"] as const).flatMap((part) =>
      parts[part].map((id) => {
        const label = labels[id - 1];
        if (label === undefined) {
          const reason = `names picture ${id}, and imagelabels.mat has ${labels.length} labels`;
          throw new LabError(reason, "Download both files again.", { subject: `${folder.root}/setid.mat` });
        }
        return { file: `${jpg}/image_${String(id).padStart(5, "0")}.jpg`, class: String(label), part };
      }),
    );
    return { classes: NAMES.map((name, i) => ({ key: String(i + 1), name })), pictures };
  },
};

/** @throws LabError where pictures with a label are in no part: a list that was cut short would be a smaller set */
function requireAll(named: number, labelled: number, root: string): void {
  if (named >= labelled) return;
  const reason = `names ${named} pictures, and imagelabels.mat has ${labelled} labels`;
  throw new LabError(reason, "Download both files again.", { subject: `${root}/setid.mat` });
}
