import { z } from "zod";
import { parseCsv } from "../../core/csv";
import { LabError, required } from "../../core/errors";
import { oneNumber, type ListedPicture, type PictureSet, type SetFolder, type SetListing } from "./listing";

const meta = z.looseObject({ class_names: z.array(z.string()) });
const annotated = z.looseObject({ annotations: z.array(z.looseObject({ class: oneNumber, fname: z.string() })) });
const PARTS = ["train", "test"] as const;

/**
 * Stanford Cars (Krause et al., 2013): 16,185 pictures of 196 cars, 8,144 for training and 8,041 for testing; as its authors shipped it (a
 * devkit of MAT files), or as the common re-release has it (names.csv, anno_train.csv, anno_test.csv, a folder for each class).
 */
export const cars: PictureSet = {
  kind: "cars",
  title: "Stanford Cars",
  superCategory: "car",
  folders: ["stanford_cars", "cars", "car_196"],
  released: ["car", "cars"],
  marks: ["devkit/cars_meta.mat", "names.csv"],
  counts: { classes: 196, train: 8144, validation: 0, test: 8041 },
  published:
    "Its authors published cars_train.tgz, cars_test.tgz, car_devkit.tgz and cars_test_annos_withlabels.mat at https://ai.stanford.edu/~jkrause/cars/car_dataset.html, which answers no more; copies are on Kaggle, as these files or with names.csv and a folder for each class.",
  read: (folder) => (folder.has("names.csv") ? readTables(folder) : readDevkit(folder)),
};

function readDevkit(folder: SetFolder): SetListing {
  const names = folder.mat("devkit/cars_meta.mat", meta).class_names;
  const lists = {
    train: folder.fileOf("devkit/cars_train_annos.mat"),
    test: folder.fileOf("cars_test_annos_withlabels.mat", "devkit/cars_test_annos_withlabels.mat"), // the devkit's own has no labels
  };
  const pictures = PARTS.flatMap((part) => {
    const images = folder.folderOf(`cars_${part}/cars_${part}`, `cars_${part}`);
    return folder.mat(lists[part], annotated).annotations.map(({ class: [label], fname }): ListedPicture => {
      return { file: `${images}/${fname}`, class: nameOf(names, label, `${folder.root}/${lists[part]}`), part };
    });
  });
  return { classes: names.map((name) => ({ key: name, name })), pictures };
}

/** Rows of the re-release: file, four numbers of a box, label; in a folder's name a hyphen stands for a slash. */
function readTables(folder: SetFolder): SetListing {
  const rows = (file: string) => parseCsv(folder.text(file), `${folder.root}/${file}`).filter(([first]) => first !== null); // prettier-ignore
  const names = rows("names.csv").map(([name]) => (name ?? "").trim());
  const images = folder.has("car_data") ? folder.folderOf("car_data/car_data", "car_data") : ".";
  const pictures = PARTS.flatMap((part) => {
    const list = `anno_${part}.csv`;
    const under = folder.folderOf(images === "." ? part : `${images}/${part}`);
    return rows(list).map((row, index): ListedPicture => {
      const name = nameOf(names, Number(row[5]), `${folder.root}/${list}, line ${index + 1}`);
      return { file: `${under}/${name.replaceAll("/", "-")}/${row[0] ?? ""}`, class: name, part };
    });
  });
  return { classes: names.map((name) => ({ key: name, name })), pictures };
}

/** Labels count from 1. */
function nameOf(names: readonly string[], label: number, at: string): string {
  return required(names[label - 1], () => {
    const reason = `has the label ${label}, and there are ${names.length} classes`;
    return new LabError(reason, "Download the lists again.", { subject: at });
  });
}
