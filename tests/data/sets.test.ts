import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset";
import type { FolderDataset } from "../../src/data/folder/folder";
import { openPictureSets, PICTURE_SETS, type SetOptions } from "../../src/data/sets/open";
import { openDataset } from "../../src/lab/datasets";
import { temporaryFolder } from "./folderFixture";
import { aircraftFolder, carsFolder, carTablesFolder, cubFolder, dogsFolder, flowersFolder, petsFolder, sixSets } from "./setsFixture"; // prettier-ignore

function open(kind: string, root: string, options: SetOptions = {}): Promise<FolderDataset> {
  return openPictureSets(
    PICTURE_SETS.filter((set) => set.kind === kind),
    root,
    options,
  );
}

const names = ({ subCategories }: Dataset): string[] => subCategories.map(({ name }) => name);
const counts = (dataset: Dataset): number[] => [
  dataset.subCategories.filter(({ seen }) => seen).length,
  dataset.train.length,
  dataset.validation.length,
  dataset.test("seen").length,
  dataset.test("unseen").length,
];

// Seen classes: round(0.6 · 5) = 3 and round(0.6 · 4) = 2. Four shots of each. Validation: the authors' own (two of each class), or what
// training leaves of a class, at most four. Test: the two or four pictures of each class that setsFixture.ts lists.
describe("each of the six, as its authors ship it:", () => {
  it("CUB-200-2011", async () => {
    const birds = await open("cub", await cubFolder());
    expect(names(birds)).toEqual([
      "Black Footed Albatross",
      "Sooty Albatross",
      "Chuck Will Widow",
      "Mallard",
      "Fen Auk",
    ]);
    expect(counts(birds)).toEqual([3, 12, 3, 6, 4]); // five training pictures: one is left for validation
    for (const { id } of birds.train) expect(id).toMatch(/^cub\/images\/00\d\.\w+\/\w+_000[0-4]_\d+\.jpg$/);
    for (const { id } of birds.test("seen").map((item) => item.image)) expect(id).toMatch(/_000[56]_\d+\.jpg$/);
    const mallard = [...birds.test("seen"), ...birds.test("unseen")].find(
      ({ groundTruth }) => groundTruth === "Mallard",
    )!;
    expect(mallard.image.id).toContain("/004.Mallard/");
    expect(mallard.options[0]).toBe("Mallard");
    expect(mallard.question).toMatch(/\bbird\b/);
    expect((await mallard.image.load()).width).toBe(4);
    expect(fs.statSync(mallard.image.file ?? "").isFile()).toBe(true);
    expect(birds.report).toMatchObject({ pictures: 35, leftOut: [] });
    expect(birds.report.notes).toContain("CUB-200-2011: 5 classes; by the official split 25 train, 10 test.");
  });

  it("Oxford Flowers-102, with the names that its archive lacks", async () => {
    const flowers = await open("flowers", await flowersFolder());
    // labels 1, 2, 3 and 102
    expect(names(flowers)).toEqual([
      "pink primrose",
      "hard-leaved pocket orchid",
      "canterbury bells",
      "blackberry lily",
    ]);
    expect(counts(flowers)).toEqual([2, 8, 4, 8, 8]);
    // by setid.mat the pictures 1–4 of each ten are trnid, 5 and 6 valid, 7–10 tstid
    const last = ({ id }: { id: string }) => Number(/(\d)\.jpg$/.exec(id)?.[1]);
    expect(new Set(flowers.train.map(last))).toEqual(new Set([1, 2, 3, 4]));
    expect(new Set(flowers.validation.map(last))).toEqual(new Set([5, 6]));
    expect(new Set(flowers.test("unseen").map(({ image }) => last(image)))).toEqual(new Set([7, 8, 9, 0]));
    expect(flowers.report.leftOut).toHaveLength(98);
  });

  it.each([
    ["devkit", carsFolder, "cars/cars_train/00002.jpg"],
    [
      "tables and a folder for each class",
      carTablesFolder,
      "cars/car_data/car_data/train/Ram C-V Cargo 2012/00002.jpg",
    ],
  ] as const)("Stanford Cars: %s", async (_, folder, second) => {
    const cars = await open("cars", await folder(), { shots: 3 });
    expect(names(cars)).toEqual(["Auric Comet Coupe 2011", "Ram C/V Cargo 2012", "Brass Beetle SUV 1999", "Dune Otter Sedan 2007"]); // prettier-ignore
    expect(counts(cars)).toEqual([2, 6, 2, 4, 4]);
    const all = [...cars.train, ...cars.validation, ...cars.test("seen").map(({ image }) => image)];
    expect(all.filter(({ id }) => id === second).every(({ subCategory }) => subCategory.name === "Ram C/V Cargo 2012")).toBe(true); // prettier-ignore
    // the same car has the same draws whichever way it is shipped: ids differ, so only the classes
    expect(cars.subCategories.filter(({ seen }) => seen).map(({ name }) => name)).toEqual(seenCars);
  });
  let seenCars: string[] = [];
  beforeAll(async () => {
    seenCars = (await open("cars", await carsFolder())).subCategories
      .filter(({ seen }) => seen)
      .map(({ name }) => name);
  });

  it("Stanford Dogs", async () => {
    const dogs = await open("dogs", await dogsFolder());
    expect(names(dogs)).toEqual(["Moss Hound", "Soft Coated Terrier", "Affen", "Fen Spaniel"]);
    expect(counts(dogs)).toEqual([2, 8, 0, 4, 4]);
    expect(dogs.train[0]?.id).toMatch(/^dogs\/Images\/n0200000\d-[\w-]+\/n0200000\d_[0-3]\.jpg$/);
  });

  it("Oxford-IIIT Pet, whose other cats stand beside a cat", async () => {
    const pets = await open("pets", await petsFolder());
    expect(names(pets)).toEqual(["Fen Cat", "Moss Mau", "Pug", "Shiba Inu", "Wheaten Terrier"]); // code units: capitals first
    expect(counts(pets)).toEqual([3, 12, 0, 6, 4]);
    const cat = pets.subCategories.find(({ name }) => name === "Moss Mau")!;
    expect(cat.genus).toBe("cat");
    expect(pets.optionsFor({ id: "any", subCategory: cat }).slice(0, 2)).toEqual(["Moss Mau", "Fen Cat"]);
  });

  it("FGVC-Aircraft, with its families as genera", async () => {
    const planes = await open("aircraft", await aircraftFolder());
    expect(names(planes)).toEqual(["707-320", "727-200", "F/A-18", "Global Express", "727-300"]);
    expect(counts(planes)).toEqual([3, 12, 6, 6, 4]);
    expect(planes.subCategories[1]?.genus).toBe("Boeing 727");
    expect(planes.optionsFor({ id: "any", subCategory: planes.subCategories[1]! })[1]).toBe("727-300");
  });
});

describe("a spec", () => {
  it("opens one set, or six as domains of one dataset with the very draws that each has alone", async () => {
    const root = await sixSets();
    const six = await openDataset(`sets:${root}?shots=2&seed=3`);
    expect(new Set(six.subCategories.map(({ superCategory }) => superCategory))).toEqual(
      new Set(["bird", "car", "dog", "flower", "pet", "aircraft"]),
    );
    expect(six.subCategories).toHaveLength(5 + 4 + 4 + 4 + 5 + 5);
    const birds = await openDataset(`cub:${path.join(root, "CUB_200_2011")}?shots=2&seed=3`);
    const ofBirds = (dataset: Dataset): string[] =>
      dataset.train.filter(({ subCategory }) => subCategory.superCategory === "bird").map(({ id }) => id);
    expect(ofBirds(six)).toEqual(ofBirds(birds));
    expect(six.fingerprint).not.toBe(birds.fingerprint);
    expect((await openDataset(`cub:${root}?shots=2&seed=3`)).fingerprint).toBe(birds.fingerprint); // the folder above is enough
  });

  it("has a fingerprint of pictures, labels and options, not of the place", async () => {
    const root = await cubFolder();
    const print = async (options: SetOptions = {}) => (await open("cub", root, options)).fingerprint;
    const same = await print();
    expect((await open("cub", await cubFolder())).fingerprint).toBe(same);
    const others = [await print({ shots: 3 }), await print({ seed: 2 }), await print({ wording: "paper" })];
    fs.appendFileSync(path.join(root, "images/004.Mallard/Mallard_0000_300.jpg"), "x");
    others.push(await print());
    expect(new Set([same, ...others]).size).toBe(5);
  });

  it("names the list or the pictures that are missing, and where they are published", async () => {
    const birds = await cubFolder();
    fs.rmSync(path.join(birds, "classes.txt"));
    await expect(open("cub", birds)).rejects.toThrow(/has no classes\.txt, which CUB-200-2011 has\. Its authors publish CUB_200_2011\.tgz at https/); // prettier-ignore
    await expect(open("cars", await carsFolder(false))).rejects.toThrow(/has no cars_test_annos_withlabels\.mat/);
    await expect(open("pets", temporaryFolder())).rejects.toThrow(/has no Oxford-IIIT Pet: there is no annotations\/trainval\.txt\. Its authors publish images\.tar\.gz/); // prettier-ignore
    const dogs = await dogsFolder();
    fs.rmSync(path.join(dogs, "Images/n02000003-affen/n02000003_1.jpg"));
    fs.writeFileSync(path.join(dogs, "Images/n02000003-affen/n02000003_2.jpg"), "");
    await expect(open("dogs", dogs)).rejects.toThrow(/2 of the 24 pictures that the lists of Stanford Dogs name are not there, such as Images\/n02000003-affen\/n02000003_1\.jpg/); // prettier-ignore
    await expect(open("cub", "/no/such")).rejects.toThrow(/^\/no\/such: there is no such folder\. Put the pictures there, or correct the path: docs\/published-sets\.md\.$/); // prettier-ignore
    const mixed = await sixSets();
    fs.rmSync(path.join(mixed, "dogs"), { recursive: true });
    await expect(openDataset(`sets:${mixed}`)).rejects.toThrow(/has no Stanford Dogs in stanford_dogs\/ or dogs\//);
    fs.rmSync(path.join(mixed, "stanford_cars"), { recursive: true });
    fs.rmSync(path.join(mixed, "CUB_200_2011/images/004.Mallard/Mallard_0000_300.jpg"));
    await expect(openDataset(`sets:${mixed}`)).rejects.toThrow(
      /1 of the 35 pictures that the lists of CUB-200-2011 .*; has no Stanford Cars in .*; has no Stanford Dogs in .*\. docs\/published-sets\.md has the address and the layout of each\.$/,
    );
  });

  it("names the line of a list that cannot be right, and an option that there is not", async () => {
    await expect(open("cub", await cubFolder({ "train_test_split.txt": "1 1\n" }))).rejects.toThrow(/images\.txt, line 2: names "2", of which train_test_split\.txt says nothing/); // prettier-ignore
    await expect(open("cub", await cubFolder({ "images.txt": "1\n" }))).rejects.toThrow(/images\.txt, line 1: has 1 field where 2 are expected/); // prettier-ignore
    const birds = await cubFolder();
    const split = fs.readFileSync(path.join(birds, "train_test_split.txt"), "utf8");
    await expect(open("cub", await cubFolder({ "train_test_split.txt": split.replace(/^2 1$/mu, "2 yes") }))).rejects.toThrow(/images\.txt, line 2: is "yes" in train_test_split\.txt, and neither 1 nor 0/); // prettier-ignore
    const twice = fs.readFileSync(path.join(birds, "images.txt"), "utf8").replace(/^7 .*$/mu, "7 001.Black_footed_Albatross/Black_footed_Albatross_0000_0.jpg"); // prettier-ignore
    await expect(open("cub", await cubFolder({ "images.txt": twice }))).rejects.toThrow(/its lists name images\/001\.Black_footed_Albatross\/Black_footed_Albatross_0000_0\.jpg twice/); // prettier-ignore
    await expect(open("cub", await cubFolder({ "images.txt": twice.replace(/^7 .*$/mu, "7 ../../x.jpg") }))).rejects.toThrow(/its lists name images\/\.\.\/\.\.\/x\.jpg, which is not in the set's folder/); // prettier-ignore
    const flowers = await flowersFolder();
    fs.copyFileSync(path.join(flowers, "setid.mat"), path.join(flowers, "imagelabels.mat"));
    await expect(open("flowers", flowers)).rejects.toThrow(/imagelabels\.mat: is another MAT file than that of Oxford Flowers-102 \(key labels is missing/); // prettier-ignore
    await expect(openDataset(`cub:${await cubFolder()}?splt=x`)).rejects.toThrow(/unknown option splt \(did you mean split\?\)/); // prettier-ignore
    await expect(open("cub", await cubFolder(), { shots: 6 })).rejects.toThrow(/has 5 images, 6 shots asked for/);
  });

  it("gives a picture as it was found: another size is refused", async () => {
    const root = await dogsFolder();
    const dogs = await open("dogs", root);
    const [image] = dogs.train;
    fs.appendFileSync(path.join(root, image!.id.replace(/^dogs\//, "")), "x");
    await expect(image!.load()).rejects.toThrow(/has changed since the dataset was opened/);
  });
});
