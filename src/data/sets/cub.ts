import { LabError, required } from "../../core/errors";
import { briefly } from "../../core/printable";
import { keyed, lookUp, readable, type ListRow, type PictureSet } from "./listing";

const PARTS = new Map<string, "train" | "test">([
  ["1", "train"],
  ["0", "test"],
]);

function partOf(value: string, { at }: ListRow): "train" | "test" {
  return required(PARTS.get(value), () => {
    const reason = `is "${briefly(value)}" in train_test_split.txt, and neither 1 nor 0`;
    return new LabError(reason, "Unpack the lists again.", { subject: at });
  });
}

function textOf({ fields: [, text = ""] }: ListRow): string {
  return text;
}

/** CUB-200-2011 (Wah et al., 2011): 11,788 pictures of 200 birds, 5,994 for training and 5,794 for testing. */
export const cub: PictureSet = {
  kind: "cub",
  title: "CUB-200-2011",
  superCategory: "bird",
  folders: ["CUB_200_2011", "cub", "bird_200"],
  released: ["bird", "birds", "cub"],
  marks: ["images.txt"],
  counts: { classes: 200, train: 5994, validation: 0, test: 5794 },
  published: "Its authors publish CUB_200_2011.tgz at https://www.vision.caltech.edu/datasets/cub_200_2011/.",
  read(folder) {
    const list = (file: string): Map<string, ListRow> => keyed(folder.rows(file, 2));
    const [names, files] = [list("classes.txt"), list("images.txt")];
    const [labels, parts] = [list("image_class_labels.txt"), list("train_test_split.txt")];
    // a list of pictures that was cut short would be a smaller set
    for (const [id, row] of [...labels, ...parts]) lookUp(files, id, "images.txt", row);
    const under = folder.folderOf("images");
    const pictures = [...files].map(([id, row]) => {
      const label = textOf(lookUp(labels, id, "image_class_labels.txt", row));
      return {
        ...{ file: `${under}/${textOf(row)}`, class: textOf(lookUp(names, label, "classes.txt", row)) },
        part: partOf(textOf(lookUp(parts, id, "train_test_split.txt", row)), row),
      };
    });
    const classes = [...names.values()].map(textOf).map((key) => ({ key, name: readable(key.replace(/^\d+\./u, "")) }));
    return { classes, pictures };
  },
};
