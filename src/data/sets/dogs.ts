import { z } from "zod";
import { readable, type PictureSet } from "./listing";

const list = z.looseObject({ file_list: z.array(z.string()) });

/** Stanford Dogs (Khosla et al., 2011): 20,580 pictures of 120 breeds, 12,000 for training and 8,580 for testing. */
export const dogs: PictureSet = {
  kind: "dogs",
  title: "Stanford Dogs",
  superCategory: "dog",
  folders: ["stanford_dogs", "dogs", "dogs_120"],
  released: ["dog", "dogs"],
  marks: ["train_list.mat", "lists/train_list.mat"],
  counts: { classes: 120, train: 12000, validation: 0, test: 8580 },
  published: "Its authors publish images.tar and lists.tar at http://vision.stanford.edu/aditya86/ImageNetDogs/.",
  read(folder) {
    const images = folder.folderOf("Images", "images");
    const pictures = (["train", "test"] as const).flatMap((part) => {
      const file = folder.fileOf(`${part}_list.mat`, `lists/${part}_list.mat`);
      return folder.mat(file, list).file_list.map((name) => {
        return { file: `${images}/${name}`, class: name.slice(0, Math.max(0, name.lastIndexOf("/"))), part };
      });
    });
    const keys = [...new Set(pictures.map((picture) => picture.class))].sort();
    return { classes: keys.map((key) => ({ key, name: readable(key.slice(key.indexOf("-") + 1)) })), pictures };
  },
};
