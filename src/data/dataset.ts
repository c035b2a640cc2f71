import type { ChainJudge } from "./chains";
import type { PromptSet } from "./prompts";
import type { QuestionSet } from "./questions";
import type { Teacher } from "./teacher";
import type { BenchmarkItem, LabelledImage, Split, SubCategory } from "./types";

/** What a dataset was made by, where it can be made again: enough for its maker to tell it and to do so. */
export interface DatasetOrigin {
  /** The maker, such as "miniworld". */
  readonly kind: string;
  /** The fingerprint of the dataset as it was made. */
  readonly fingerprint: string;
  /** Plain JSON that only the maker reads. */
  readonly config: unknown;
}

/** What was found where a dataset lies; datasets that are read from files have one. */
export interface DatasetReport {
  readonly folder: string;
  /** Pictures that can be read, whether or not they are used. */
  readonly pictures: number;
  /** Files that were passed over, by their path in the folder. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Classes that cannot be used, by the name of their folder. */
  readonly leftOut: readonly { readonly folder: string; readonly reason: string }[];
  /** What a reader should know before a run, in sentences. */
  readonly notes: readonly string[];
}

/** A dataset: classes, few-shot training pictures, test questions and the wording of its questions. */
export interface Dataset {
  readonly name: string;
  /** Tells its contents from any others: classes, pictures, splits, few-shot draw and questions. Part of every stage's key. */
  readonly fingerprint: string;
  readonly subCategories: readonly SubCategory[];
  /** The few-shot training images of the seen classes. */
  readonly train: readonly LabelledImage[];
  /** Images of seen classes for choosing hyper-parameters; never tested on. */
  readonly validation: readonly LabelledImage[];
  /** Test questions, of seen or of unseen classes. */
  test(split: Split): readonly BenchmarkItem[];
  /** The open question about a picture, such as "What bird species is this?". */
  question(image: LabelledImage): string;
  /** Four names of a closed question about a picture, the true one first. */
  optionsFor(image: Pick<LabelledImage, "id" | "subCategory">): readonly string[];
  /** The wording that its questions are asked in unless a profile says otherwise. */
  readonly wording: PromptSet;
  /** Where it comes from, if it can be made again. */
  readonly origin?: DatasetOrigin;
  readonly report?: DatasetReport;
  /** What a picture of the class shows, in words; absent where nobody wrote it down. */
  readonly describe?: (subCategory: SubCategory) => string;
  /** The class, then the others of its super-category, the one most easily taken for it first; absent where the dataset cannot tell. */
  readonly lookalikes?: (subCategory: SubCategory) => readonly SubCategory[];
  /** Writes chains of thought about its pictures; absent where a model must. */
  readonly teacher?: Teacher;
  /** Judges chains step by step; absent where only the answer can be judged. */
  readonly chains?: ChainJudge;
  /** Questions for more than a name; absent where nothing else is known of its classes. */
  readonly questions?: QuestionSet;
}
