/**
 * Strict YAML files, and where things lie. No schema of a certain file: what it may say stands beside the code that reads it.
 */

export { checkConfig, loadConfig, ROOT } from "./load";
export { recordFolder, reportFolder, resultsRoot, runsRoot, storeFolder } from "./places";
