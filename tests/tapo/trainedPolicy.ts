import type { QwenModel } from "../../src/model/qwen/model";
import { sft } from "../../src/sft/train";
import { assignAll, type Weights } from "./weights";
import { ANSWERS, ask, picture, SFT, tinyPolicy, weightsOf } from "../sft/tinyPolicy";
import { answer } from "./recorded";

let learnt: Weights | undefined;

/** A tiny policy that answers in the right form and names each of four trees about equally often. Trained once a file. */
export async function guessingPolicy(): Promise<QwenModel> {
  const model = tinyPolicy();
  if (learnt === undefined) {
    const examples = ANSWERS.map((word, i) => ({
      id: word,
      prompt: () => Promise.resolve(ask(picture(128, `any ${i}`))),
      completion: answer(word),
    }));
    await sft(model, examples, { ...SFT, epochs: 60, batchSize: 4, microBatchSize: 4 }, { label: "form" });
    learnt = weightsOf(model);
  }
  assignAll(model.parameters, learnt);
  return model;
}
