/**
 * Probing a model's hidden states: principal components, and how far right names lie from wrong ones (H3). Numbers only, no figures,
 * and no folders or stages.
 */

export { ridgeRegression, valueAt, type LinearFunction } from "./leastSquares";
export { pca, project, reconstruct, type Pca } from "./pca";
export { namePairs, pairPrompt, pairStates, separability } from "./separability";
export type { NamePair, Separability } from "./separability";
