import * as path from "node:path";
import type { Engine } from "../contract";
import { readScript } from "./script";
import { ScriptedModel } from "./scriptedModel";

/** A model whose answers come from a file (`readScript`). */
export const scripted: Engine = {
  name: "scripted",
  can: ["generate", "goOn", "score", "hiddenStates", "everyLayer"],
  takes: "path",
  open: (file) => Promise.resolve().then(() => new ScriptedModel(readScript(file), path.basename(file))),
  files: (file) => [file],
};
