import { groupBy } from "../core/groups";
import { linearProbe, type LabelledState, type Probe, type ProbeOptions } from "./probe";

/** A picture as a model has it: the mean over its tokens after the last layer, and what it shows. */
export interface PictureState {
  readonly id: string;
  readonly classId: string;
  /** The super-category: classes are told apart within it. */
  readonly domain: string;
  readonly seen: boolean;
  /** shape [D] */
  readonly state: Float32Array;
}

/** What is trained on and tested follows from the order of the pictures; the seed draws batches. */
export interface ClassProbeOptions extends ProbeOptions {
  /** Parts of the test pictures, 3 by default; each is tested once, by a probe of its own. */
  readonly folds?: number;
}

/** Whether the probes told a test picture's class, in the best epoch and in the last. */
export interface ProbedPicture extends Pick<PictureState, "id" | "domain" | "seen"> {
  readonly best: boolean;
  readonly last: boolean;
}

/** One probe of a domain's classes, on one part of its test pictures. */
export interface ProbeRun {
  readonly domain: string;
  readonly fold: number;
  readonly classes: number;
  readonly trained: number;
  readonly tested: number;
  /** The epoch of highest test accuracy. */
  readonly best: number;
  /** Mean cross-entropy of the training states after the last epoch, in nats, and how many of them it tells right. */
  readonly loss: number;
  readonly train: number;
}

/** H1 for one model. Plain JSON. */
export interface ClassProbe {
  readonly pictures: readonly ProbedPicture[];
  readonly probes: readonly ProbeRun[];
}

const FOLDS = 3;

/**
 * H1 (§5.4, Table 4) for all classes, those without training pictures too: a linear probe of each domain's classes (the paper's is
 * of CUB's birds), with the paper's optimiser (`linearProbe`). Every class has as many pictures to train with as a seen one has shots.
 * A seen class has these from the training set, as in the paper; an unseen class has no training set, so its test pictures are cut
 * into parts, and each part is tested by a probe that the others trained. A class is left out where that leaves it no picture.
 * @param train pictures of seen classes @param test pictures of all classes
 */
export async function probeClasses(
  train: readonly PictureState[],
  test: readonly PictureState[],
  { folds = FOLDS, ...options }: ClassProbeOptions,
): Promise<ClassProbe> {
  const shown = groupBy(train, classOf);
  const classes = [...groupBy(test, classOf)].map(([id, tested]) => ({ tested, trained: shown.get(id) ?? [] }));
  const shots = Math.max(1, ...classes.map(({ trained }) => trained.length));
  const pictures: ProbedPicture[] = [];
  const probes: ProbeRun[] = [];
  for (const domain of new Set(test.map((picture) => picture.domain))) {
    const own = classes.filter(({ tested }) => tested[0]?.domain === domain);
    for (let fold = 0; fold < folds; fold++) {
      const parts = own.map((one) => partOf(one, fold, folds, shots)).filter(({ trained }) => trained.length > 0);
      const [trained, tested] = [parts.flatMap((one) => one.trained), parts.flatMap((one) => one.tested)];
      if (parts.length < 2 || tested.length === 0) continue;
      const probe = await linearProbe(trained.map(labelled), tested.map(labelled), options);
      tested.forEach(({ id, seen }, i) => {
        const { best, last } = probe;
        pictures.push({ id, domain, seen, best: best.right[i] === true, last: last.right[i] === true });
      });
      const sizes = { classes: parts.length, trained: trained.length, tested: tested.length };
      probes.push({ domain, fold, ...sizes, ...endOf(probe) });
    }
  }
  return { pictures, probes };
}

interface ClassPictures {
  readonly trained: readonly PictureState[];
  readonly tested: readonly PictureState[];
}

/** What a fold has of a class: every `folds`-th test picture to test, and to train its shots, else other test pictures. */
function partOf({ trained, tested }: ClassPictures, fold: number, folds: number, shots: number): ClassPictures {
  const others = tested.filter((_, place) => place % folds !== fold);
  return {
    trained: (trained.length > 0 ? trained : others).slice(0, shots),
    tested: tested.filter((_, place) => place % folds === fold),
  };
}

const classOf = ({ classId }: PictureState): string => classId;
const labelled = ({ classId, state }: PictureState): LabelledState => ({ label: classId, state });

function endOf({ epochs, best }: Probe): Pick<ProbeRun, "best" | "loss" | "train"> {
  const { loss = NaN, train = NaN } = epochs.at(-1) ?? {};
  return { best: best.epoch, loss, train };
}
