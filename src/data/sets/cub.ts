import { LabError, required } from "../../core/errors";
import { lookUp, readable, type ListRow, type PictureSet } from "./listing";

const PARTS = new Map<string, "train" | "test">([
  ["1", "train"],
  ["0", "test"],
]);

function partOf(value: string, { at }: ListRow): "train" | "test" {
  return required(PARTS.get(value), () => {
    const reason = `is "${value}" in train_test_split.txt, and neither 1 nor 0`;
    return new LabError(reason, "Unpack the lists again.", { subject: at });
  });
}

const keyed = (rows: readonly ListRow[]): Map<string, string> =>
  new Map(rows.map(({ fields: [key = "", value = ""] }) => [key, value]));

/** CUB-200-2011 (Wah et al., 2011): 11,788 pictures of 200 birds, 5,994 for training and 5,794 for testing. */
export const cub: PictureSet = {
  kind: "cub",
  title: "CUB-200-2011",
  superCategory: "bird",
  folders: ["CUB_200_2011", "cub", "bird_200"],
  released: ["bird", "birds", "cub"],
  marks: ["images.txt"],
  published: "Its authors publish CUB_200_2011.tgz at https://www.vision.caltech.edu/datasets/cub_200_2011/.",
  read(folder) {
    const names = keyed(folder.rows("classes.txt", 2));
    const labels = keyed(folder.rows("image_class_labels.txt", 2));
    const parts = keyed(folder.rows("train_test_split.txt", 2));
    const under = folder.folderOf("images");
    const pictures = folder.rows("images.txt", 2).map((row) => {
      const [id = "", file = ""] = row.fields;
      const label = lookUp(labels, id, "image_class_labels.txt", row);
      return {
        ...{ file: `${under}/${file}`, class: lookUp(names, label, "classes.txt", row) },
        part: partOf(lookUp(parts, id, "train_test_split.txt", row), row),
      };
    });
    const classes = [...names.values()].map((key) => ({ key, name: readable(key.replace(/^\d+\./u, "")) }));
    return { classes, pictures };
  },
};
