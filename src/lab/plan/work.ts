import { refSchema, type Ref, type Stage } from "../stage";
import { sizeOfModel } from "./models";
import { KINDS, type Basis, type Work } from "./workOfKinds";

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
