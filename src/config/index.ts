/**
 * Strict YAML files, and where things lie. What a file may say is the schema's, beside the code that reads it.
 */

export { checkConfig, loadConfig, ROOT } from "./load";
export { recordFolder, reportFolder, resultsRoot, runsRoot, storeFolder } from "./places";
