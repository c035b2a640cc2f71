import type { Dataset } from "../data/dataset";
import type { LabelledImage, SubCategory } from "../data/types";
import type { Appearance, Attributes } from "./attributes";
import type { WorldClass } from "./classes";
import type { WorldConfig } from "./config";
import type { Picture } from "./pictures";

/** A picture of one class. */
export interface ClassPicture extends Picture, LabelledImage {
  readonly subCategory: WorldClass;
}

/** A picture of a random combination of values, tied to no class. */
export interface FreePicture extends Picture, Appearance {}

/** What a picture is for; each purpose has pictures of its own. "weak": the base model's badly labelled pairs. */
export type Purpose = "train" | "validation" | "test" | "weak";

/**
 * A generated visual world. Everything in it is a function of its config; its fingerprint is a hash of names, attributes,
 * splits, drawing and config.
 */
export interface MiniWorld extends Dataset {
  readonly config: WorldConfig;
  readonly subCategories: readonly WorldClass[];
  /** The class as the world knows it. @throws LabError for a class of another dataset */
  classOf(subCategory: SubCategory): WorldClass;
  /** The class of that name, if the domain has it. */
  classNamed(domain: string, name: string): WorldClass | undefined;
  attributesOf(subCategory: SubCategory): Attributes;
  /** All classes of its genus, itself included. */
  genusMembers(subCategory: SubCategory): readonly WorldClass[];
  /** The class, then the classes most easily taken for it: its genus by similarity, then the rest of the domain. */
  readonly lookalikes: (subCategory: SubCategory) => readonly WorldClass[];
  /** Every word that occurs in the world's texts, in a fixed order: tags, common words, genus and species words. */
  vocabulary(): readonly string[];
  /** The picture number `index` of a class for a purpose; the same object each time. */
  picture(subCategory: SubCategory, purpose: Purpose, index: number): ClassPicture;
  /** The picture number `index` of the pool of random combinations; the same object each time. */
  freePicture(index: number): FreePicture;
}

/** A world with its teacher, its judge of chains and its questions: all that a dataset can have. */
export type MiniDataset = MiniWorld & Required<Pick<Dataset, "describe" | "teacher" | "chains" | "questions">>;
