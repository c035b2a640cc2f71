import { isExactName } from "../core/answer";
import type { ReleasedFile, ReleasedLine } from "../data/releasedLines";
import { shownOptions, type OptionOrder } from "./asking";
import { isInsideOption } from "./judge";

/** What a file of released lines holds, and what is odd about it. Plain JSON; counts are of lines. */
export interface ReleasedFindings extends Pick<ReleasedFile, "file" | "set" | "split" | "malformed"> {
  readonly items: number;
  /** Different right answers. */
  readonly classes: number;
  /** Lines whose options lack the right answer: no answer to them can be right. */
  readonly withoutTruth: number;
  /** Lines where the truth's name stands inside another option, whose choice the released accuracy counts as right. */
  readonly insideOthers: number;
  /** Lines that offer something twice. */
  readonly repeatedOptions: number;
  /** Lines whose picture an earlier line of the file has. */
  readonly repeatedPictures: number;
  /** Lines whose right option stands first in the file. */
  readonly firstAsReleased: number;
  /** The same after this project's shuffle (`shownOptions`), drawn by the path in the line where a dataset draws by its picture's id: the rate is alike, not each order. */
  readonly firstShuffled: number;
}

/** Looks through released lines; no picture is needed. @param order.seed orders options, 42 as in a profile */
export function checkReleased(
  { lines, file, set, split, malformed }: ReleasedFile,
  order: Pick<OptionOrder, "seed"> = {},
): ReleasedFindings {
  const count = (is: (line: ReleasedLine) => boolean): number => lines.filter(is).length;
  return {
    ...{ file, set, split, malformed },
    items: lines.length,
    classes: new Set(lines.map(({ groundTruth }) => groundTruth)).size,
    withoutTruth: count(({ options, groundTruth }) => !options.some((option) => isExactName(option, groundTruth))),
    insideOthers: count(({ options, groundTruth }) => isInsideOption(groundTruth, options)),
    repeatedOptions: count(({ options }) => new Set(options).size < options.length),
    repeatedPictures: lines.length - new Set(lines.map(({ imagePath }) => imagePath)).size,
    firstAsReleased: count(({ options, groundTruth }) => options[0] === groundTruth),
    firstShuffled: count(
      ({ options, groundTruth, imagePath }) => shownOptions({ id: imagePath, options }, order)[0] === groundTruth,
    ),
  };
}

/** What stands in the seen and in the unseen lines of a set. */
export interface InBothSplits {
  readonly set: string;
  /** Right answers: classes that are seen and unseen at once. */
  readonly classes: readonly string[];
  /** Paths of pictures. */
  readonly pictures: readonly string[];
}

/** The sets whose splits share classes or pictures. */
export function inBothSplits(files: readonly ReleasedFile[]): InBothSplits[] {
  return [...new Set(files.map(({ set }) => set))].flatMap((set) => {
    const linesOf = (split: string): ReleasedLine[] =>
      files.filter((one) => one.set === set && one.split === split).flatMap(({ lines }) => lines);
    const [seen, unseen] = [linesOf("seen"), linesOf("unseen")];
    const both = (of: (line: ReleasedLine) => string): string[] => {
      const others = new Set(unseen.map(of));
      return [...new Set(seen.map(of))].filter((one) => others.has(one));
    };
    const classes = both(({ groundTruth }) => groundTruth);
    const pictures = both(({ imagePath }) => imagePath);
    return classes.length + pictures.length === 0 ? [] : [{ set, classes, pictures }];
  });
}
