/**
 * Probing a model's hidden states (§5.4): what a linear probe reads off them (H1), whether they know who is related to whom (H2), and how
 * far right names lie from wrong ones (H3). Numbers only, no figures, and no folders or stages.
 */

export { ridgeRegression, valueAt, type LinearFunction } from "./leastSquares";
export { pca, project, type Pca } from "./pca";
export { probeClasses, type ClassProbe, type PictureState, type ProbedPicture, type ProbeRun } from "./classProbe";
export { linearProbe, type LabelledState, type Probe, type ProbeEpoch, type ProbeOptions } from "./probe";
export { fisherRatio, silhouette } from "./scatter";
export { mirroredPairs, namePairs, pairPrompt, type NamePair } from "./namePairs";
export { LAST_LAYER, layerSetting, pairStates, separability, type Separability } from "./separability";
export { compareTaxonomy, taxonomySimilarity, withRelatives } from "./taxonomy";
export type { SpeciesState, TaxonomyComparison, TaxonomyOptions, TaxonomySimilarity, TaxonomyTarget } from "./taxonomy";
