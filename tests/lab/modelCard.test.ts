import * as path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../src/config/load";
import { modelCard, taughtToThink } from "../../src/lab/modelCard";
import { readQwenConfig } from "../../src/model/qwen/config";

/** A card goes to the hub: what it names, others read. */
it("a card names no folder of its writer's machine and no address of a server", () => {
  const given = (kind: string, at: string) => ({ given: kind, at, fingerprint: "0123456789abcdef" });
  const inputs = {
    dataset: given("dataset", "heldout:folder:/home/me/mushrooms?shots=4"),
    encoder: given("encoder", "embeddings:/home/me/vectors.jsonl"),
    split: given("dataset", "cub:/home/me/CUB?split=/home/me/secret/lines"),
    teacher: given("checkpoint", "served:http://inner.example:8000/v1#Qwen/Qwen2.5-VL-32B-Instruct"),
    base: given("checkpoint", path.join(ROOT, "assets", "mini", "base")),
  };
  const stage = { kind: "cot", version: 1, inputs, result: {}, startedAt: "", seconds: 1, outputs: [] };
  const config = readQwenConfig(path.join(ROOT, "assets", "mini", "base"));
  const card = modelCard({ name: "m", config, question: "?", mini: false, stages: [stage], measurements: [] });
  expect(card).not.toMatch(/\/home|inner\.example|secret/u);
  for (const told of ["heldout:folder:mushrooms?shots=4", "embeddings:vectors.jsonl", "served:Qwen/Qwen2.5-VL-32B-Instruct", "assets/mini/base", "cub:CUB?split=lines"]) expect(card).toContain(told); // prettier-ignore
});

it("its question asks for reasoning where the checkpoint was trained so, as the stage's inputs say", () => {
  const from = { given: "checkpoint", at: "base", fingerprint: "0123456789abcdef" };
  const after = (kind: string, inputs: Record<string, unknown>) =>
    taughtToThink([{ kind, version: 2, inputs: { from, ...inputs }, result: {}, startedAt: "", seconds: 1, outputs: [] }]); // prettier-ignore
  const chains = { stage: "cot", key: "0123456789abcdef" };
  expect([after("sft", { examples: chains }), after("sft", { examples: "labels" })]).toEqual([true, false]);
  expect([true, false].map((thinking) => after("rl", { thinking }))).toEqual([true, false]);
  expect(taughtToThink([])).toBe(false);
});
