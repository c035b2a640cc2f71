import type { TrainableParts } from "../../model/parameters";
import type { Profile } from "../profile";
import { refSchema, type Ref, type Stage } from "../stage";
import type { Assumed } from "./assumptions";
import { sizeOfModel, type EncoderSize, type QwenSize } from "./models";
import type { DataSize } from "./sizes";
import { KINDS } from "./workOfKinds";

/** What is reckoned from. */
export interface Basis {
  readonly profile: Profile;
  readonly data: DataSize;
  readonly assumed: Assumed;
}

/** What a stage comes to. FLOPs: of reading and scoring, of training, and of writing token by token. */
export interface Work {
  readonly stage: Stage;
  readonly model: QwenSize | EncoderSize | undefined;
  /** What is done, in words. */
  readonly what: string;
  readonly forward: number;
  readonly training: number;
  readonly decoding: number;
  /** What is written: so many answers, this many of them due at a time, behind prompts of so many tokens. */
  readonly writes?: {
    readonly answers: number;
    readonly due: number;
    readonly prompt: number;
    readonly answer: number;
  };
  /** What is trained: tokens of a sequence, sequences in a backward pass. */
  readonly trains?: { readonly parts: TrainableParts; readonly tokens: number; readonly together: number };
}

/** The work of a stage; its numbers are 0 where nothing of it needs a GPU, and `undefined` where its kind is not reckoned. */
export function reckon(basis: Basis, stage: Stage): Work | undefined {
  const model = sizeOfModel(placeOfModel(basis, stage));
  const kind = KINDS[stage.kind.kind];
  if (kind === undefined) return undefined;
  const done = model === undefined ? undefined : kind(basis, stage, model);
  return done === undefined ? undefined : { ...NOTHING, stage, model, ...done };
}

const NOTHING = { what: "", forward: 0, training: 0, decoding: 0 };

/** The model that a stage works on, through the stages that trained it, by its place. */
function placeOfModel({ profile }: Basis, stage: Stage): string {
  if (stage.kind.kind === "cot") return profile.cot.teacher ?? profile.base;
  const { from, model, encoder } = stage.inputs;
  const ref = [encoder, from, model].map((one) => refSchema.safeParse(one)).find((one) => one.success)?.data;
  return ref === undefined ? "" : placeOfRef(stage, ref);
}

function placeOfRef(stage: Stage, ref: Ref): string {
  if ("given" in ref) return ref.at;
  const needed = stage.needs.find(({ key }) => key === ref.key);
  const from = refSchema.safeParse(needed?.inputs["from"]);
  return needed === undefined || !from.success ? "" : placeOfRef(needed, from.data);
}
