import * as fs from "node:fs";
import * as path from "node:path";
import { PreTrainedTokenizer } from "@xenova/transformers";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError, messageOf } from "../core/errors";
import { readJson } from "../core/files";

/** More than any published vocabulary has: the library lays out a list as long as the largest id. */
const MOST_TOKENS = 2 ** 21;

const schema = z.object({
  model: z.object({ vocab: z.union([z.record(z.string(), z.unknown()), z.array(z.tuple([z.string(), z.unknown()]))]) }),
  added_tokens: z.array(z.object({ content: z.string(), id: z.unknown() })).default([]),
});

/**
 * Opens `tokenizer.json` of a folder with the settings beside it.
 * @throws LabError when it is missing, unreadable or damaged: without words, or with ids that are none or stand for two tokens
 */
export function openTokenizer(folder: string): PreTrainedTokenizer {
  const file = path.join(folder, "tokenizer.json");
  const definition = readJson(file);
  const settingsFile = path.join(folder, "tokenizer_config.json");
  const settings = fs.existsSync(settingsFile) ? readJson(settingsFile) : {};
  try {
    requireIds(parserOf(schema)(definition), file);
    return new PreTrainedTokenizer(definition, settings);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw damaged(`is not a tokenizer this library reads (${messageOf(error)})`, file, error);
  }
}

function requireIds({ model: { vocab }, added_tokens: added }: z.output<typeof schema>, file: string): void {
  const words = Array.isArray(vocab) ? vocab.map(([word], id) => [word, id] as const) : Object.entries(vocab);
  if (words.length === 0) throw damaged("has no words: its vocabulary is empty", file);
  const tokens = new Map<unknown, string>();
  for (const [token, id] of [...words, ...added.map(({ content, id }) => [content, id] as const)]) {
    const named = JSON.stringify(token);
    if (!Number.isSafeInteger(id) || (id as number) < 0 || (id as number) >= MOST_TOKENS)
      throw damaged(
        `gives the token ${named} the id ${String(id)}, no whole number from 0 to ${MOST_TOKENS - 1}`,
        file,
      );
    const other = tokens.get(id) ?? token;
    if (other !== token) throw damaged(`gives two tokens, ${JSON.stringify(other)} and ${named}, the id ${String(id)}`, file); // prettier-ignore
    tokens.set(id, token);
  }
}

function damaged(reason: string, subject: string, cause?: unknown): LabError {
  return new LabError(reason, "Download the file again.", { subject, cause });
}
