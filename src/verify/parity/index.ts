/**
 * Comparison with the reference numbers of other programs, file by file. It knows the forms of those files and no run; nothing
 * depends on it but a command and the tests.
 */

export { parityEvaluation } from "./evaluation";
export { parityImageProcessor } from "./imageProcessor";
export { parityModel } from "./model";
export { parityObjective } from "./objective";
export { parityReward } from "./reward";
export { formatParity, type ParityRow } from "./rows";
