import type { Engine } from "../contract";
import { checkpointFiles } from "./checkpointFiles";
import { QwenModel } from "./model";
import { QwenTokenizer } from "./tokenizer";

/** Qwen2-VL and Qwen2.5-VL in this process, from a folder in the layout of the hub. */
export const qwen: Engine = {
  name: "qwen",
  can: ["generate", "goOn", "score", "hiddenStates", "everyLayer", "train"],
  takes: "path",
  open: (folder, how) => QwenModel.load(folder, how),
  files: checkpointFiles,
  vocabulary: (folder) => QwenTokenizer.load(folder),
};
