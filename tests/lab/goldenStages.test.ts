import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson, writeJson } from "../../src/core/files";
import { silent } from "../../src/core/progress";
import { encoderTemplates } from "../../src/data/prompts";
import { KINDS } from "../../src/lab/kinds";
import { answersStage, similarityStage } from "../../src/lab/kinds/asking";
import { probeStage, taxonomyStage } from "../../src/lab/kinds/knowledge";
import { separabilityStage } from "../../src/lab/kinds/states";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import {
  chains,
  changes,
  cotSft,
  grpo,
  labelSft,
  questions,
  rl,
  shares,
  sized,
  states,
  triplets,
} from "../../src/lab/recipe";
import { make } from "../../src/lab/make";
import { withInputs, type Stage } from "../../src/lab/stage";
import { listFinished } from "../../src/store/store";
import { processorGap } from "../../src/verify/numerics/record";
import { newHome, removeHome, withoutSeconds } from "../cli/home";

/**
 * A stage is made once for its key, and code has one part in a key: its kind's version. Whoever changes what a kind computes
 * and forgets to raise it leaves everybody with old results under new code; here every kind does a little work, and what
 * comes out must be what was recorded for that key.
 */
const GOLDEN = path.join(__dirname, "golden-stages.json");
const RECORD = "FINE_R1_RECORD_STAGES=1 npx vitest run tests/lab/goldenStages.test.ts";
const goldenSchema = z.record(z.string(), z.strictObject({ kind: z.string(), key: z.string(), output: z.string() }));
type Golden = z.infer<typeof goldenSchema>;

/** What is wrong with a piece of work beside its recorded output; `undefined` where all is well. */
function complaint(name: string, made: Golden[string], recorded: Golden[string] | undefined): string | undefined {
  if (recorded?.key !== made.key) return `"${name}" is not recorded with these inputs and this version: ${RECORD}`;
  if (recorded.output === made.output) return undefined;
  return `"${name}" comes to something else than was recorded for the same key: raise the version of the kind "${made.kind}" (src/lab/kinds), or restore the numbers`;
}

const home = newHome("golden");
let lab: Lab;
let golden: Golden = {};
beforeAll(async () => {
  lab = await labOf(loadProfile("smoke"), { progress: silent, store: path.join(home, "store") });
  golden = goldenSchema.parse(fs.existsSync(GOLDEN) ? readJson(GOLDEN) : {});
});
afterAll(() => {
  removeHome(home);
});

/** Little pieces of work, one or more of every kind. */
function works(): Record<string, Stage> {
  const recipe = lab.recipe(1);
  const { dataset, base, encoder } = recipe;
  const start = cotSft(recipe); // fifteen steps: its answers have a form, and some are right
  const steps = { epochs: 0.2 };
  const asked = { dataset, promptSet: "mini", optionOrder: "shuffled", seed: 42, batchSize: 8 } as const;
  const open = answersStage.stage({ model: base, ...asked, setting: "open", thinking: false, maxNewTokens: 12 });
  const choices = answersStage.stage({ model: encoder, ...asked, setting: "closed", thinking: false, maxNewTokens: 1 }); // prettier-ignore
  return {
    chains: withInputs(chains(recipe), { everyNthClass: 2 }),
    triplets: triplets(recipe),
    "triplets of the nearest classes": triplets(recipe, "hardest"),
    "triplets of other classes": triplets(recipe, "random"),
    "triplets of one class": triplets(recipe, "same"),
    "triplets with masked negatives": triplets(recipe, "masked"),
    "SFT on chains": start,
    "SFT on some of the chains": withInputs(start, { share: 0.5, epochs: 1 }),
    "SFT on names": withInputs(labelSft(recipe), { epochs: 1 }),
    TAPO: rl(recipe, start, steps, "tapo"),
    "TAPO that mines its negatives": rl(recipe, start, { ...steps, rivals: 2 }, "online"),
    "TAPO with γ as a size": rl(recipe, start, { ...sized(recipe, start), ...steps }, "sized"),
    "GRPO without thinking": rl(recipe, start, { ...grpo(recipe.profile.rl), ...steps, thinking: false }, "grpo"),
    "shares of the gradient": shares(recipe, start),
    "closed answers": answersStage.stage({
      model: start,
      ...asked,
      setting: "closed",
      thinking: true,
      maxNewTokens: 80,
    }),
    "open answers": open,
    "answers in context": answersStage.stage({ model: base, ...asked, setting: "closed", thinking: false, maxNewTokens: 12, strategy: "inContext" }), // prettier-ignore
    "answers from an analysis": withInputs(open, { thinking: true, strategy: { analysis: "lookalike" } }),
    "an encoder's choices": choices,
    "choices by several templates": withInputs(choices, { strategy: { templates: encoderTemplates("mini") } }),
    similarity: similarityStage.stage({ answers: open, thinking: false, encoder, superCategory: "dataset" }),
    states: states(recipe, base),
    probe: probeStage.stage({ states: states(recipe, base), dataset, epochs: 20, batch: 8, learningRate: 0.01, seed: 1 }), // prettier-ignore
    taxonomy: taxonomyStage.stage({ states: states(recipe, start), against: states(recipe, base), dataset, seed: 1 }),
    "general questions": questions(recipe, { name: "q", title: "Q", model: start, thinking: true }),
    "changes of answers": changes(recipe, { name: "base", title: "Base", model: base, thinking: false }, { name: "q", title: "Q", model: start, thinking: true }, "open"), // prettier-ignore
    separability: separabilityStage.stage({ model: base, dataset, promptSet: "mini", seed: 1 }),
  };
}

/** Everything that a stage gave and left, without the times that it took. */
async function outputOf(stage: Stage): Promise<string> {
  const { result, folder, key } = await make(lab, stage);
  const outputs = listFinished(lab.store).find((finished) => finished.key === key)?.outputs ?? [];
  expect(outputs.length + Object.keys(result as object).length).toBeGreaterThan(0);
  const hash = createHash("sha256").update(withoutSeconds(JSON.stringify(result)));
  for (const { path: file } of outputs) {
    const bytes = fs.readFileSync(path.join(folder, file));
    hash.update(`\n${file}\n`).update(file === "metrics.jsonl" ? withoutSeconds(bytes.toString()) : bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

// digits are promised where the processor has AVX2 and FMA
it.skipIf(processorGap() !== undefined)(
  "every kind of stage computes what its version has always computed",
  async () => {
    const made: Golden = {};
    for (const [name, stage] of Object.entries(works())) {
      made[name] = { kind: stage.kind.kind, key: stage.key.slice(0, 10), output: await outputOf(stage) };
    }
    expect(new Set(Object.values(made).map(({ kind }) => kind))).toEqual(new Set(KINDS.map(({ kind }) => kind)));
    for (const { kind, result } of listFinished(lab.store)) {
      if (kind === "rl") expect(result, "its steps teach something").not.toMatchObject({ last: { gradNorm: 0 } });
    }
    if (process.env["FINE_R1_RECORD_STAGES"] === "1") {
      const isNew = (name: string): boolean => golden[name]?.key !== made[name]?.key; // what has a key keeps its output
      golden = Object.fromEntries(Object.entries(made).map(([name, one]) => [name, isNew(name) ? one : golden[name]!]));
      writeJson(GOLDEN, golden);
    }
    expect(Object.entries(made).flatMap(([name, one]) => complaint(name, one, golden[name]) ?? [])).toEqual([]);
  },
);

describe("the reminder", () => {
  const rlWork = { kind: "rl", key: "aa", output: "11" };
  it("asks for a version when the same key comes to something else, and for a record of what has another key", () => {
    expect(complaint("TAPO", rlWork, rlWork)).toBeUndefined();
    expect(complaint("TAPO", rlWork, { ...rlWork, output: "12" })).toMatch(/raise the version of the kind "rl".*, or restore the numbers/); // prettier-ignore
    expect(complaint("TAPO", rlWork, { ...rlWork, key: "ab", output: "12" })).toContain(RECORD);
    expect(complaint("TAPO", rlWork, undefined)).toContain(RECORD);
  });
});
