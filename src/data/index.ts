/**
 * The Dataset door and what goes through it: classes, pictures, splits, few-shot draws, triplets, prompts. A dataset that needs more
 * than a file has a folder of its own, as the folder of pictures has; nothing of the mini-world is here.
 */

export type { BenchmarkItem, LabelledImage, Mask, MaskedImage, SubCategory, Triplet } from "./types";
export { groupByClass, sampleFewShot } from "./fewshot";
export { decodeImage, readImage } from "./images";
export { encodePng } from "./rasters";
export { maskedImage, maskPatches } from "./masking";
export { hardestNegative, maskedNegative, NEGATIVES, ofClass, randomNegative, sameNegative } from "./negatives";
export type { NegativeDraw, Negatives } from "./negatives";
export { buildPrompt, buildTrainingPrompt, encoderTemplates, promptText } from "./prompts";
export type { Demonstration, PromptRequest, PromptSet } from "./prompts";
export { splitClasses } from "./splits";
export { drawTriplets, hardNegativesBy, mineHardNegatives, mineTriplets, type TripletOptions } from "./triplets";
export { readEmbeddings } from "./embeddings";
export { chainOutcomes, checkChain, checkInWords } from "./chains";
export type { ChainCheck, ChainJudge, MarkedStep } from "./chains";
export type { Dataset, DatasetReport } from "./dataset";
export { openFolder, type FolderDataset, type FolderOptions } from "./folder/folder";
export { exportDataset } from "./folder/export";
export { openPictureSets, PICTURE_SETS, type SetOptions } from "./sets/open";
export type { PictureSet } from "./sets/listing";
export type { Teacher } from "./teacher";
