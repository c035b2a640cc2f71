import * as fs from "node:fs";
import * as path from "node:path";
import { requireEmpty, writeFileAtomic, writeNewFolder, writeJson } from "../../core/files";
import { IMAGE_MARKER } from "../contract";
import { requireAgreement } from "./agreement";
import { readChatTemplate } from "./chatTemplate";
import { checkCheckpoint, readWeights } from "./checkpoint";
import { checkpointFiles } from "./checkpointFiles";
import { toHfGenerationConfig } from "./configWriter";
import { QWEN_IMAGE_PROCESSOR } from "./imageProcessor";
import { readImageProcessorConfig, writeImageProcessor } from "./imageProcessorFiles";
import { QwenTokenizer } from "./tokenizer";
import { weightShapes } from "./weights";

/**
 * Copies a checkpoint into a folder as the hub wants it: every file that decides what the model answers, what the hub's classes look
 * for beside them, and README.md, which the hub shows as the model's card.
 * @throws LabError when the checkpoint is not whole, its files do not belong together or could not be used, or `to` holds something
 */
export async function writeHubFolder(from: string, to: string, card: string): Promise<void> {
  requireEmpty(to);
  const config = checkCheckpoint(from);
  const tokenizer = QwenTokenizer.load(from);
  const template = readChatTemplate(from);
  const processor = readImageProcessorConfig(from);
  requireAgreement({ config, tokenizer, processor: processor ?? QWEN_IMAGE_PROCESSOR }, from);
  if (template !== undefined) tokenizer.encodePrompt([{ role: "user", content: IMAGE_MARKER }], [1]);
  const weights = readWeights(from, weightShapes(config));
  while (weights.next().done !== true); // refuses one that is ruined
  await writeNewFolder(to, (temporary) => {
    for (const file of checkpointFiles(from)) fs.copyFileSync(file, path.join(temporary, path.basename(file)));
    const place = (name: string): string => path.join(temporary, name);
    if (!fs.existsSync(place("generation_config.json"))) writeJson(place("generation_config.json"), toHfGenerationConfig(config)); // prettier-ignore
    if (processor === undefined) writeImageProcessor(temporary, QWEN_IMAGE_PROCESSOR, config.kind);
    if (template !== undefined) writeFileAtomic(place("chat_template.jinja"), template.text);
    writeFileAtomic(place("README.md"), card);
  });
}
