/**
 * Probing: principal components, separability (H3).
 */

export { ridgeRegression, valueAt, type LinearFunction } from "./leastSquares";
export { pca, project, reconstruct, type Pca } from "./pca";
export { namePairs, pairPrompt, pairStates, separability } from "./separability";
export type { NamePair, Separability } from "./separability";
