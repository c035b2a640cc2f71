import { readable, type PictureSet } from "./listing";

/** By SPECIES of the lists. */
const SPECIES = new Map([
  ["1", "cat"],
  ["2", "dog"],
]);

/** Oxford-IIIT Pet (Parkhi et al., 2012): 7,349 pictures of 37 breeds, 3,680 for training and 3,669 for testing. A breed's genus is its species. */
export const pets: PictureSet = {
  kind: "pets",
  title: "Oxford-IIIT Pet",
  superCategory: "pet",
  folders: ["oxford-iiit-pet", "pets", "oxford_pets"],
  released: ["pet", "pets"],
  marks: ["annotations/trainval.txt"],
  counts: { classes: 37, train: 3680, validation: 0, test: 3669 },
  published: "Its authors publish images.tar.gz and annotations.tar.gz at https://www.robots.ox.ac.uk/~vgg/data/pets/.",
  read(folder) {
    const images = folder.folderOf("images");
    const lists = { trainval: "train", test: "test" } as const;
    const rows = Object.entries(lists).flatMap(([list, part]) =>
      folder.rows(`annotations/${list}.txt`, 4).map(({ fields: [name = "", , species = ""] }) => {
        return { file: `${images}/${name}.jpg`, class: name.replace(/_\d+$/u, ""), part, genus: SPECIES.get(species) };
      }),
    );
    const genera = new Map(rows.map((row) => [row.class, row.genus]));
    const classes = [...genera.keys()].sort().map((key) => {
      const genus = genera.get(key);
      return { key, name: readable(key), ...(genus === undefined ? {} : { genus }) };
    });
    return { classes, pictures: rows.map(({ file, class: key, part }) => ({ file, class: key, part })) };
  },
};
