import type { RgbImage } from "../core/image";

/** Seen (base) classes have training images; unseen (new) ones are only tested. */
export type Split = "seen" | "unseen";

/** A fine-grained class, such as one bird species. */
export interface SubCategory {
  /** Stable and unique over all datasets, for example "bird/acadian flycatcher". */
  readonly id: string;
  /** The name as it is asked for and answered. */
  readonly name: string;
  /** The coarse class, such as "bird": the dataset's domain, ĉ of Eq. 5. */
  readonly superCategory: string;
  /** Taxonomic parent inside the super-category, where the dataset knows it (H2). */
  readonly genus?: string;
  /** Seen (base) classes have training images; unseen (new) ones are only tested. */
  readonly seen: boolean;
}

/** An image with its label; pixels are read or rendered when asked for. */
export interface LabelledImage {
  /** Stable and unique over all datasets. */
  readonly id: string;
  readonly subCategory: SubCategory;
  /** The file that it is read from, where it is one of its own: its absolute path. */
  readonly file?: string;
  /** Reads or renders the pixels. The same object is returned while it is cached, so that models may cache by identity. */
  load(): Promise<RgbImage>;
}

/** Which patches of a picture are hidden: each with chance `share`, drawn by the seed. */
export interface Mask {
  readonly share: number;
  readonly seed: number;
}

/** A picture with some of its patches hidden. It goes by the whole picture's id: what is asked about one is asked about the other. */
export interface MaskedImage extends LabelledImage {
  readonly mask: Mask;
}

/** One question of a benchmark; `options` lists the true name first, as in the release. */
export interface BenchmarkItem {
  readonly id: string;
  readonly image: LabelledImage;
  readonly question: string;
  readonly options: readonly string[];
  readonly groundTruth: string;
}

/** T = (x, x_pos, x_neg) of §4.3. */
export interface Triplet {
  readonly anchor: LabelledImage;
  readonly positive: LabelledImage;
  readonly negative: LabelledImage | MaskedImage;
}
