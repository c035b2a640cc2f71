/**
 * The library as notebooks use it: `import * as fr from "../dist"`, then `fr.tapo.…`, `fr.report.…`: a namespace for each folder,
 * so that completion teaches it. A name that is not here is no part of the public surface and may change without notice.
 */

// the tensors that losses and models work on
export * as tf from "@tensorflow/tfjs-core";

export * as core from "./core";
export * as config from "./config";
export * as store from "./store";
export * as workers from "./workers";
export * as model from "./model";
export * as engine from "./engine";
export * as data from "./data";
export * as cot from "./cot";
export * as sft from "./sft";
export * as tapo from "./tapo";
export * as evaluation from "./eval"; // `eval` is no name that a module can export and a notebook can use
export * as analysis from "./analysis";
export * as report from "./report";
export * as miniworld from "./miniworld";
export * as lab from "./lab";
export * as experiments from "./experiments";

// what every notebook begins with
export { loadBackend, requireTraining } from "./core/backend";
export { LabError } from "./core/errors";
export { EXPERIMENTS, experimentNamed } from "./experiments";
export { variant } from "./lab/experiment";
export { openLab, type NotebookLab } from "./lab/notebook";
