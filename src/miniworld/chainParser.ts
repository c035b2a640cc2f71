import type { WorldConfig } from "./config";
import { SLOTS } from "./attributes";
import type { ParsedChain, WrittenComparison } from "./chain";
import { COMMON_WORDS, COUNT_WORDS } from "./words";

/** What ends a parse that cannot succeed; never leaves this file. */
class Malformed extends Error {}

/** Reads words one by one, and gives up at the first that may not stand there. */
class Reader {
  private at = 0;
  private readonly words: readonly string[];

  constructor(text: string) {
    this.words = text
      .replace(/<\/?(?:think|answer)>/gu, " $& ")
      .split(/\s+/u)
      .filter((word) => word !== "");
  }

  word(allowed: (word: string) => boolean): string {
    const word = this.words[this.at];
    if (word === undefined || !allowed(word)) throw new Malformed();
    this.at += 1;
    return word;
  }

  fixed(...words: readonly string[]): void {
    for (const expected of words) this.word((word) => word === expected);
  }

  /** Two words that are not common ones; whether any class is called so is the checker's business. */
  name(): string {
    const part = (): string => this.word((word) => !COMMON.has(word));
    return `${part()} ${part()}`;
  }

  end(): void {
    if (this.at < this.words.length) throw new Malformed();
  }
}

const COMMON: ReadonlySet<string> = new Set(COMMON_WORDS);
const COUNTS: ReadonlySet<string> = new Set(COUNT_WORDS);

/**
 * Reads a chain, strictly: every heading once and in order, five values of the right slots, `candidates` names, a
 * comparison for each, nothing left over. Whether it is true is not looked at. @returns undefined when malformed
 */
export function parseChain(config: WorldConfig, text: string, candidates: number): ParsedChain | undefined {
  try {
    return read(new Reader(text), config, candidates);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function read(reader: Reader, config: WorldConfig, candidates: number): ParsedChain {
  reader.fixed("<think>", "analysis");
  const analysis = SLOTS.map((slot) => value(reader, config, slot));
  reader.fixed("candidates");
  const names = Array.from({ length: candidates }, (_, i) => {
    if (i > 0) reader.fixed(",");
    return reader.name();
  });
  reader.fixed("comparison");
  const comparison = names.map(() => readComparison(reader, config));
  reader.fixed("prediction");
  const prediction = reader.name();
  reader.fixed("</think>", "<answer>");
  const answer = reader.name();
  reader.fixed("</answer>");
  reader.end();
  return { analysis, candidates: names, comparison, prediction, answer };
}

function readComparison(reader: Reader, config: WorldConfig): WrittenComparison {
  const name = reader.name();
  if (config.chain.verdict === "count") {
    const values = SLOTS.map((slot) => value(reader, config, slot));
    reader.fixed("fits");
    return { name, values, verdict: [reader.word((word) => COUNTS.has(word))] };
  }
  const marked = SLOTS.map((slot) => [
    value(reader, config, slot),
    reader.word((word) => word === "yes" || word === "no"),
  ]);
  return { name, values: marked.map(([v]) => v ?? ""), verdict: marked.map(([, mark]) => mark ?? "") };
}

function value(reader: Reader, config: WorldConfig, slot: (typeof SLOTS)[number]): string {
  const allowed: readonly string[] = config.attributes[slot];
  return reader.word((word) => allowed.includes(word));
}
