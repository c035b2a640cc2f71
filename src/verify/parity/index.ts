export { parityEvaluation } from "./evaluation";
export { parityImageProcessor } from "./imageProcessor";
export { parityModel } from "./model";
export { parityObjective } from "./objective";
export { parityReward } from "./reward";
export { formatParity, type ParityRow } from "./rows";
