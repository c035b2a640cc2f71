import * as fs from "node:fs";
import * as path from "node:path";
import { encodePng } from "../../src/data/rasters";
import { temporaryFolder } from "./folderFixture";

/**
 * Small folders of the very shape in which the six sets are published. MAT files come from SciPy (tests/reference/make_mat.py), which says
 * how many pictures the cars, dogs and flowers have; names are made up, but for a few that show how names are read.
 */
const REFERENCE = path.resolve(__dirname, "../reference/mat");

type Files = Readonly<Record<string, string | null>>;

/** A folder with the files given: a text as it is, `null` for a picture of 4 × 4 pixels. */
async function made(files: Files, mats: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = temporaryFolder();
  const picture = await encodePng({ width: 4, height: 4, data: new Uint8Array(48).fill(90) });
  for (const [file, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content ?? picture);
  }
  for (const [file, from] of Object.entries(mats)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.copyFileSync(path.join(REFERENCE, from), path.join(root, file));
  }
  return root;
}

const pictures = (files: readonly string[]): Files => Object.fromEntries(files.map((file) => [file, null]));
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const lines = (rows: readonly (readonly (string | number)[])[], between = " "): string =>
  rows.map((row) => `${row.join(between)}\n`).join("");

const BIRDS = [
  "001.Black_footed_Albatross",
  "002.Sooty_Albatross",
  "003.Chuck_will_Widow",
  "004.Mallard",
  "005.Fen_Auk",
];
/** Seven pictures of each bird: by train_test_split.txt five for training and two for testing. */
export function cubFolder(change: Files = {}): Promise<string> {
  const images = BIRDS.flatMap(
    (bird, label) =>
    count(7).map((i) => ({ id: 7 * label + i + 1, bird, label, training: i < 5 ? 1 : 0, file: `${bird}/${bird.slice(4)}_000${i}_${100 * label + i}.jpg` })), // prettier-ignore
  );
  return made({
    ...pictures(images.map(({ file }) => `images/${file}`)),
    "images.txt": lines(images.map(({ id, file }) => [id, file])),
    "classes.txt": lines(BIRDS.map((bird, i) => [i + 1, bird])),
    "image_class_labels.txt": lines(images.map(({ id, label }) => [id, label + 1])),
    "train_test_split.txt": lines(images.map(({ id, training }) => [id, training])),
    ...change,
  });
}

export function flowersFolder(): Promise<string> {
  const jpg = count(40).map((i) => `jpg/image_${String(i + 1).padStart(5, "0")}.jpg`);
  return made(pictures(jpg), { "imagelabels.mat": "flowers/imagelabels.mat", "setid.mat": "flowers/setid.mat" });
}

const CAR = (i: number): string => `${String(i + 1).padStart(5, "0")}.jpg`;
export function carsFolder(labelled = true): Promise<string> {
  return made(
    pictures([...count(16).map((i) => `cars_train/${CAR(i)}`), ...count(8).map((i) => `cars_test/${CAR(i)}`)]),
    {
      "devkit/cars_meta.mat": "cars/cars_meta.mat",
      "devkit/cars_train_annos.mat": "cars/cars_train_annos.mat",
      "devkit/cars_test_annos.mat": "cars/cars_test_annos.mat",
      ...(labelled ? { "cars_test_annos_withlabels.mat": "cars/cars_test_annos_withlabels.mat" } : {}),
    },
  );
}

/** The re-release of the same cars. */
export function carTablesFolder(): Promise<string> {
  const names = ["Auric Comet Coupe 2011", "Ram C/V Cargo 2012", "Brass Beetle SUV 1999", "Dune Otter Sedan 2007"];
  const folder = (i: number): string => (names[i % 4] ?? "").replace("/", "-");
  const table = (n: number): string =>
    lines(
      count(n).map((i) => [CAR(i), 30, 40, 300, 280, 1 + (i % 4)]),
      ",",
    );
  return made({
    ...pictures(count(16).map((i) => `car_data/car_data/train/${folder(i)}/${CAR(i)}`)),
    ...pictures(count(8).map((i) => `car_data/car_data/test/${folder(i)}/${CAR(i)}`)),
    "names.csv": lines(names.map((name) => [name])),
    "anno_train.csv": table(16),
    "anno_test.csv": table(8),
  });
}

export function dogsFolder(): Promise<string> {
  const breeds = ["n02000001-Moss_hound", "n02000002-soft-coated_terrier", "n02000003-affen", "n02000004-Fen_spaniel"];
  const images = breeds.flatMap((breed) => count(6).map((i) => `Images/${breed}/${breed.slice(0, 9)}_${i}.jpg`));
  const lists = { "lists/train_list.mat": "dogs/train_list.mat", "lists/test_list.mat": "dogs/test_list.mat" };
  return made(pictures(images), lists);
}

/** Four pictures of each breed for training, two for testing; two cats and three dogs. */
export function petsFolder(): Promise<string> {
  const breeds = [
    ["Moss_Mau", 1],
    ["Fen_Cat", 1],
    ["shiba_inu", 2],
    ["wheaten_terrier", 2],
    ["pug", 2],
  ] as const;
  const row = (i: number) => breeds.map(([breed, species], label) => [`${breed}_${i + 1}`, label + 1, species, 1]);
  const list = (from: number, to: number) => lines(count(6).slice(from, to).flatMap(row));
  return made({
    ...pictures(breeds.flatMap(([breed]) => count(6).map((i) => `images/${breed}_${i + 1}.jpg`))),
    "annotations/list.txt": `#Image CLASS-ID SPECIES BREED ID\n${list(0, 6)}`,
    "annotations/trainval.txt": list(0, 4),
    "annotations/test.txt": list(4, 6),
  });
}

/** Four pictures of each variant for training, two for validation and two for testing. */
export function aircraftFolder(): Promise<string> {
  const variants = [["707-320", "Boeing 707"], ["727-200", "Boeing 727"], ["F/A-18", "F/A-18"], ["Global Express", "Global Express"], ["727-300", "Boeing 727"]] as const; // prettier-ignore
  const id = (label: number, i: number): string => `00${label}${String(i).padStart(4, "0")}`;
  const list = (of: 0 | 1, from: number, to: number): string =>
    lines(variants.flatMap((names, label) => count(8).slice(from, to).map((i) => [id(label, i), names[of]]))); // prettier-ignore
  const lists = { train: [0, 4], val: [4, 6], trainval: [0, 6], test: [6, 8] } as const;
  return made({
    ...pictures(variants.flatMap((_, label) => count(8).map((i) => `data/images/${id(label, i)}.jpg`))),
    "data/variants.txt": lines(variants.map(([name]) => [name])),
    ...Object.fromEntries(Object.entries(lists).map(([name, [from, to]]) => [`data/images_variant_${name}.txt`, list(0, from, to)])), // prettier-ignore
    ...Object.fromEntries(Object.entries(lists).map(([name, [from, to]]) => [`data/images_family_${name}.txt`, list(1, from, to)])), // prettier-ignore
  });
}

/** The six side by side, under the names that their archives unpack to. */
export async function sixSets(): Promise<string> {
  const root = temporaryFolder();
  const folders = { CUB_200_2011: cubFolder(), stanford_cars: carsFolder(), dogs: dogsFolder(), "flowers-102": flowersFolder(), "oxford-iiit-pet": petsFolder(), "fgvc-aircraft-2013b": aircraftFolder() }; // prettier-ignore
  for (const [name, folder] of Object.entries(folders)) fs.renameSync(await folder, path.join(root, name));
  return root;
}
