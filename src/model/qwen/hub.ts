import * as fs from "node:fs";
import * as path from "node:path";
import { requireEmpty, writeFileAtomic, writeFolderAtomic, writeJson } from "../../core/files";
import { readChatTemplate } from "./chatTemplate";
import { checkCheckpoint } from "./checkpoint";
import { checkpointFiles } from "./checkpointFiles";
import { toHfGenerationConfig } from "./configWriter";
import { QWEN_IMAGE_PROCESSOR } from "./imageProcessor";
import { readImageProcessorConfig, writeImageProcessor } from "./imageProcessorFiles";
import { QwenTokenizer } from "./tokenizer";

/**
 * Copies a checkpoint into a folder as the hub wants it: every file that decides what the model answers, what the hub's classes look
 * for beside them, and README.md, which the hub shows as the model's card.
 * @throws LabError when the checkpoint is not whole, or `to` holds something
 */
export async function writeHubFolder(from: string, to: string, card: string): Promise<void> {
  requireEmpty(to);
  const config = checkCheckpoint(from);
  QwenTokenizer.load(from); // says what is wrong with it
  const template = readChatTemplate(from);
  const processor = readImageProcessorConfig(from);
  await writeFolderAtomic(to, (temporary) => {
    for (const file of checkpointFiles(from)) fs.copyFileSync(file, path.join(temporary, path.basename(file)));
    const place = (name: string): string => path.join(temporary, name);
    if (!fs.existsSync(place("generation_config.json"))) writeJson(place("generation_config.json"), toHfGenerationConfig(config)); // prettier-ignore
    if (processor === undefined) writeImageProcessor(temporary, QWEN_IMAGE_PROCESSOR, config.kind);
    if (template !== undefined) writeFileAtomic(place("chat_template.jinja"), template.text);
    writeFileAtomic(place("README.md"), card);
  });
}
