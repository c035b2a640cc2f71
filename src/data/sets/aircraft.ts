import { lookUp, type PictureSet, type SetFolder } from "./listing";

const LISTS = { train: "train", val: "validation", test: "test" } as const;

/**
 * FGVC-Aircraft (Maji et al., 2013, release 2013b): 10,000 pictures of 100 variants in three equal parts but for one picture: training,
 * validation, test. Where its lists of families are there, a variant's genus is its family.
 */
export const aircraft: PictureSet = {
  kind: "aircraft",
  title: "FGVC-Aircraft",
  superCategory: "aircraft",
  folders: ["fgvc-aircraft-2013b", "aircraft", "fgvc_aircraft"],
  released: ["aircraft"],
  marks: ["data/images_variant_train.txt"],
  counts: { classes: 100, train: 3334, validation: 3333, test: 3333 },
  published: "Its authors publish fgvc-aircraft-2013b.tar.gz at https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/.",
  read(folder) {
    const known = new Map(folder.rows("data/variants.txt", 1).map(({ fields: [name = ""] }) => [name, name]));
    const images = folder.folderOf("data/images");
    const families = familiesIn(folder);
    const genera = new Map<string, string>();
    const pictures = Object.entries(LISTS).flatMap(([list, part]) =>
      folder.rows(`data/images_variant_${list}.txt`, 2).map((row) => {
        const [id = "", variant = ""] = row.fields;
        const family = families.get(id);
        if (family !== undefined) genera.set(variant, family);
        return { file: `${images}/${id}.jpg`, class: lookUp(known, variant, "variants.txt", row), part };
      }),
    );
    const classes = [...known.keys()].map((key) => {
      const genus = genera.get(key);
      return { key, name: key, ...(genus === undefined ? {} : { genus }) };
    });
    return { classes, pictures };
  },
};

/** The family of each picture. */
function familiesIn(folder: SetFolder): Map<string, string> {
  const files = Object.keys(LISTS).map((list) => `data/images_family_${list}.txt`);
  const rows = files.filter((file) => folder.has(file)).flatMap((file) => folder.rows(file, 2));
  return new Map(rows.map(({ fields: [id = "", family = ""] }) => [id, family]));
}
