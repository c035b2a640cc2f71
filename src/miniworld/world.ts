import { createHash } from "node:crypto";
import { CANDIDATES, DOMAINS, type OptionsConfig, type WorldConfig } from "./config";
import { LabError, required } from "../core/errors";
import { Random } from "../core/random";
import { openQuestion } from "../data/prompts";
import type { BenchmarkItem, SubCategory } from "../data/types";
import { describe, matches, randomAttributes, type Appearance } from "./attributes";
import { chainJudge } from "./chainJudge";
import { inventClasses, type WorldClass } from "./classes";
import { drawNuisance } from "./nuisance";
import { lazyPicture, type Picture } from "./pictures";
import { renderImage, renderSvg, type RenderParams } from "./render";
import type { ClassPicture, FreePicture, MiniDataset, MiniWorld, Purpose } from "./types";
import { miniQuestions } from "./questions";
import { miniTeacher } from "./teacher";
import { COMMON_WORDS } from "./words";

/** The kind of origin of every mini-world (`restoreMiniWorld`). */
export const ORIGIN = "miniworld";

/** What the name of every mini-world begins with. */
const NAMED = "mini-world/";

/** Whether numbers that were kept of a dataset, by its name, are of a mini-world. */
export function isMiniWorld(name: string): boolean {
  return name.startsWith(NAMED);
}

/** Generates a world; pictures are rendered when they are asked for. @throws LabError when the config has no room */
export function buildMiniWorld(config: WorldConfig): MiniDataset {
  const classes = inventClasses(config);
  const byId = new Map(classes.map((c) => [c.id, c]));
  const classOf = (subCategory: SubCategory): WorldClass =>
    required(byId.get(subCategory.id), () => foreignClass(subCategory, config));
  const pictures = pictureSource(config);
  const several = (of: readonly WorldClass[], purpose: Purpose, count: number): ClassPicture[] =>
    of.flatMap((c) => Array.from({ length: count }, (_, index) => pictures.ofClass(c, purpose, index)));
  const seen = classes.filter((c) => c.seen);
  const alike = new Map(classes.map((c) => [c.id, lookalikes(classes, c)]));
  const lookalikesOf = (subCategory: SubCategory): readonly WorldClass[] =>
    required(alike.get(subCategory.id), () => foreignClass(subCategory, config));
  const optionsFor: MiniWorld["optionsFor"] = ({ id, subCategory }) =>
    drawOptions(lookalikesOf(subCategory), config.options, new Random(`${config.seed}/options/${id}`));
  const testItem = (image: ClassPicture): BenchmarkItem => ({
    id: image.id,
    image,
    question: openQuestion("mini", image),
    options: optionsFor(image),
    groundTruth: image.subCategory.name,
  });
  const items = {
    seen: several(seen, "test", config.images.test).map(testItem),
    unseen: several(
      classes.filter((c) => !c.seen),
      "test",
      config.images.test,
    ).map(testItem),
  };
  const fingerprint = digestOf(config, classes);
  const world: MiniWorld = {
    name: `${NAMED}${config.name}`,
    config,
    fingerprint,
    origin: { kind: ORIGIN, fingerprint, config },
    wording: "mini",
    question: (image) => openQuestion("mini", image),
    subCategories: classes,
    train: several(seen, "train", config.shots),
    validation: several(seen, "validation", config.images.validation),
    test: (split) => items[split],
    classOf,
    classNamed: (domain, name) => byId.get(`${domain}/${name}`),
    attributesOf: (subCategory) => classOf(subCategory).attributes,
    genusMembers: (subCategory) => sameGenus(classes, classOf(subCategory)),
    lookalikes: lookalikesOf,
    optionsFor,
    vocabulary: () => vocabularyOf(classes),
    picture: (subCategory, purpose, index) => pictures.ofClass(classOf(subCategory), purpose, index),
    freePicture: (index) => pictures.free(index),
  };
  const teacher = miniTeacher(world);
  return {
    ...world,
    describe: (subCategory) => describe(world.attributesOf(subCategory)),
    teacher,
    chains: chainJudge(world),
    questions: miniQuestions(world),
  };
}

/** Draws and remembers pictures by id, so that a picture is the same object each time. */
function pictureSource(config: WorldConfig) {
  const known = new Map<string, ClassPicture>();
  const pool = new Map<number, FreePicture>();
  const lazy = (id: string, appearance: Appearance): Picture =>
    lazyPicture(id, () => renderImage(paramsOf(config, appearance, id)));
  return {
    ofClass(subCategory: WorldClass, purpose: Purpose, index: number): ClassPicture {
      const id = `${subCategory.id}/${purpose}/${index}`;
      const held = known.get(id);
      if (held) return held;
      const appearance = { domain: subCategory.superCategory, attributes: subCategory.attributes };
      const picture = { ...lazy(id, appearance), subCategory };
      known.set(id, picture);
      return picture;
    },
    free(index: number): FreePicture {
      const held = pool.get(index);
      if (held) return held;
      const id = `free/${index}`;
      const random = new Random(`${config.seed}/appearance/${id}`);
      const appearance = {
        domain: random.pick(config.domains),
        attributes: randomAttributes(config.attributes, random),
      };
      const picture = { ...lazy(id, appearance), ...appearance };
      pool.set(index, picture);
      return picture;
    },
  };
}

/** What picture `id` shows: a pure function of the world's seed, the appearance and the id. */
function paramsOf(config: WorldConfig, appearance: Appearance, id: string): RenderParams {
  const random = new Random(`${config.seed}/picture/${id}/${describe(appearance.attributes)}`);
  return {
    ...appearance,
    nuisance: drawNuisance(config.nuisance, random),
    tailLengths: config.tailLengths,
    size: config.imageSize,
  };
}

function sameGenus(classes: readonly WorldClass[], { superCategory, genus }: WorldClass): WorldClass[] {
  return classes.filter((c) => c.superCategory === superCategory && c.genus === genus);
}

function lookalikes(classes: readonly WorldClass[], of: WorldClass): WorldClass[] {
  const rank = (c: WorldClass): number =>
    (c.id === of.id ? 100 : 0) + (c.genus === of.genus ? 10 : 0) + matches(c.attributes, of.attributes);
  return classes.filter((c) => c.superCategory === of.superCategory).sort((a, b) => rank(b) - rank(a));
}

/** The class, some of its siblings, as many as are drawn, and of the classes most like it strangers for the rest. */
function drawOptions(
  [truth, ...others]: readonly WorldClass[],
  { siblings, nearest }: OptionsConfig,
  random: Random,
): string[] {
  if (truth === undefined) throw new RangeError("drawOptions: no class");
  const own = others.filter((c) => c.genus === truth.genus);
  const strangers = others.filter((c) => c.genus !== truth.genus).slice(0, nearest);
  const wanted = CANDIDATES - 1;
  const drawn = random.weighted(siblings[truth.superCategory]);
  const kin = Math.max(Math.min(drawn, own.length), wanted - strangers.length);
  return [truth, ...random.sample(own, kin), ...random.sample(strangers, wanted - kin)].map((c) => c.name);
}

function vocabularyOf(classes: readonly WorldClass[]): string[] {
  const species = classes.map((c) => c.name.split(" ")[0] ?? "");
  return [...COMMON_WORDS, ...new Set(classes.map((c) => c.genus)), ...species];
}

/** One drawing a domain stands for the renderer, so that a changed shape changes the digest. */
function digestOf(config: WorldConfig, classes: readonly WorldClass[]): string {
  const attributes = randomAttributes(config.attributes, new Random(config.seed));
  const drawings = DOMAINS.map((domain) => renderSvg(paramsOf(config, { domain, attributes }, "digest")));
  return createHash("sha256")
    .update(JSON.stringify([config, classes, drawings]))
    .digest("hex")
    .slice(0, 16);
}

function foreignClass(subCategory: SubCategory, config: WorldConfig): LabError {
  return new LabError(`is no class of the world ${config.name}`, "Use the classes of `subCategories`.", {
    subject: subCategory.id,
  });
}
