/**
 * The experiments, one file each: what is claimed, methods, what is asked, metrics, tables, figures. Nothing that two of them would
 * share (lab/recipe, lab/rows, report/standard), and nothing that runs, trains or measures by itself.
 */

import { LabError, required } from "../core/errors";
import { didYouMean } from "../core/similar";
import type { Experiment } from "../lab/experiment";
import { cases } from "./cases";
import { chainCount } from "./chainCount";
import { closedWorld } from "./closedWorld";
import { components } from "./components";
import { crossModel } from "./crossModel";
import { faithfulness } from "./faithfulness";
import { general } from "./general";
import { inference } from "./inference";
import { knowledge } from "./knowledge";
import { mining } from "./mining";
import { negatives } from "./negatives";
import { openWorld } from "./openWorld";
import { optionOrder } from "./optionOrder";
import { options } from "./options";
import { quickstart } from "./quickstart";
import { ratio } from "./ratio";
import { separability } from "./separability";
import { shares } from "./shares";
import { trainingMethods } from "./trainingMethods";

/** Every experiment, in the order of the notebooks; a new one is a file and a line here. */
export const EXPERIMENTS: readonly Experiment[] = [
  quickstart,
  closedWorld,
  openWorld,
  trainingMethods,
  inference,
  components,
  ratio,
  chainCount,
  crossModel,
  knowledge,
  separability,
  general,
  cases,
  options,
  negatives,
  shares,
  mining,
  optionOrder,
  faithfulness,
];

/** An experiment by its id. @throws LabError with the one most likely meant */
export function experimentNamed(id: string): Experiment {
  const ids = EXPERIMENTS.map((experiment) => experiment.id);
  return required(
    EXPERIMENTS.find((experiment) => experiment.id === id),
    () => new LabError(`there is no experiment "${id}"`, `${didYouMean(id, ids)}Choose one of: ${ids.join(", ")}.`),
  );
}

export { CLAIMS, claimsOf } from "./claims";
export {
  cases,
  chainCount,
  closedWorld,
  components,
  crossModel,
  faithfulness,
  general,
  inference,
  knowledge,
  mining,
  negatives,
  openWorld,
  optionOrder,
  options,
  quickstart,
  ratio,
  separability,
  shares,
  trainingMethods,
};
