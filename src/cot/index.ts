/**
 * Chains of thought (§4.2): concepts, prompts, checks, curation, records. Nothing of
 * the mini-world's language: who writes chains is the dataset's or a model's part.
 */

export { checkChainText, REJECTION_REASONS, type RejectionReason } from "./checks";
export { extractConcepts, selectConcepts, type ConceptOptions } from "./concepts";
export { curate, DEFAULT_CURATION_SETTINGS, type CurationSettings } from "./curate";
export { modelTeacher } from "./modelTeacher";
export type { CurationReport } from "./outcomes";
export { readCotRecords, writeCotRecords, type CotRecord } from "./records";
export { parseTagged, renderTagged, renderText, type CotStages } from "./stages";
export { COT_TEMPLATE, cotPrompt } from "./template";
