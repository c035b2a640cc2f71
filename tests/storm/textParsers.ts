import * as answers from "../../src/core/answer";
import { readSeeds } from "../../src/lab/parameters";
import { Random } from "../../src/core/random";
import { checkChainText } from "../../src/cot/checks";
import { extractConcepts } from "../../src/cot/concepts";
import { readNameList } from "../../src/cot/lists";
import { namesLabel, normaliseName, sameName } from "../../src/cot/names";
import { recoverStages } from "../../src/cot/released";
import { renderTagged } from "../../src/cot/stages";
import { writeChain } from "../../src/miniworld/chain";
import { checkChain } from "../../src/data/chains";
import * as judge from "../../src/eval/judge";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { reward } from "../../src/tapo/rewards";
import { smokeWorld } from "../miniworld/worlds";

/** A reader of the library, good inputs for it, and how many bad ones it gets. */
export interface Parser {
  readonly name: string;
  readonly corpus: readonly string[];
  readonly count: number;
  /** Gives a value, or throws. */
  readonly read: (text: string) => unknown;
}

const TAGGED = renderTagged({ analysis: "red", candidates: ["ab cd", "ef"], comparison: "x", prediction: "ab cd" });
const PROSE = "Red.\n\nThe analysis of candidate subcategories: \n- ab\n- cd\n\n\nA.\n\nThe prediction is: ab";
const LISTS = ["1. ab\n2. cd\n3. ef", "- ab\n- cd", "ab, cd, ef and gh", '["ab", "cd"]', "A. ab\r\nB. **cd**"];

/** Readers of what models and people write. */
export function textParsers(): Parser[] {
  const [subject] = smokeWorld.subCategories;
  if (subject === undefined) throw new RangeError("the smoke world has no classes");
  const chain = writeChain(smokeWorld, subject, { random: new Random(1) });
  const tokenizers = ["assets/smoke/base", "tests/reference/bpe_tokenizer"].map((each) => QwenTokenizer.load(each));
  return [
    {
      name: "answers",
      corpus: ["<think> a </think><answer> ab cd </answer>", chain, "ab cd", "<answer>A. ab</answer>"],
      count: 18_000,
      read: (text) => [
        answers.parseAnswer(text),
        reward(text, "ab cd"),
        [true, false].map((thinking) => [judge.answerOf(text, thinking), judge.hasForm(text, thinking)]),
        judge.chosenPosition(text, ["ab cd", "ab", "ef"]),
        judge.isTextIncluded(text, "ab_cd"),
      ],
    },
    {
      name: "mini-world chains",
      corpus: [chain],
      count: 9000,
      read: (text) => checkChain(smokeWorld.chains, text, subject),
    },
    { name: "tagged chains", corpus: [TAGGED], count: 12_000, read: (text) => checkChainText(text, "ab cd") },
    { name: "prose chains", corpus: [PROSE], count: 12_000, read: recoverStages },
    { name: "lists", corpus: LISTS, count: 14_000, read: readNameList },
    {
      name: "names",
      corpus: ["Mexican Petunia", "**ab-cd** (1999)", "the ab’s cd", "A. ab"],
      count: 8000,
      read: (text) => [
        normaliseName(text),
        sameName(text, "ab"),
        namesLabel(text, "ab cd"),
        extractConcepts(text, "ab"),
      ],
    },
    { name: "seeds", corpus: ["3", "1-5", "1,2,7-9"], count: 3000, read: readSeeds },
    {
      name: "tokens of a text",
      corpus: [chain, PROSE, "<|im_start|>user\n<image> bird ?<|im_end|>"],
      count: 1500,
      read: (text) => tokenizers.map((each) => each.decode(each.encode(text), { skipSpecial: false })),
    },
  ];
}
