/**
 * What every other folder may use: errors, seeded random numbers, progress, files, the tensor engine. It knows no model, no
 * dataset and no experiment.
 */

export { loadBackend, requireTraining, type BackendInfo } from "./backend";
export { LabError, messageOf } from "./errors";
export { includesText, parseAnswer, type ParsedAnswer } from "./answer";
export { Random } from "./random";
export { check, silent, type Progress, type ProgressTask } from "./progress";
export { readJson, readJsonl, writeJson } from "./files";
export type { RgbImage } from "./image";
export { openSafetensors, writeSafetensors, type SafetensorsFile } from "./safetensors";
export { cosine } from "./vectors";
