import { describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import type { Script } from "../../src/model/scripted/script";
import { collectRollouts, type TapoExample } from "../../src/tapo/rollouts";
import { answer, example, Recorder, tapoOptions, textOf, type TapoChanges } from "./recorded";

/** Half right, half wrong, unless the question says "easy" (always right) or "hard" (always wrong). */
const script: Script = ({ messages }) => {
  const text = messages[0]?.content ?? "";
  if (text.includes("easy")) return [{ text: answer("ash") }];
  if (text.includes("hard")) return [{ text: answer("birch") }];
  return [{ text: answer("ash") }, { text: answer("birch") }];
};

/** Hands out the named examples one after the other. */
function queue(names: readonly string[], loaded: string[] = []) {
  const drawn: string[] = [];
  const draw = (count: number): TapoExample[] =>
    Array.from({ length: count }, () => {
      const name = names[drawn.length] ?? "none left";
      drawn.push(name);
      return example(name, loaded);
    });
  return { draw, drawn };
}

async function collect(names: readonly string[], changes: TapoChanges, seed = 1) {
  const model = new Recorder(script);
  const loaded: string[] = [];
  const { draw, drawn } = queue(names, loaded);
  const batch = await collectRollouts(model, draw, tapoOptions(changes), seed);
  return { batch, drawn, loaded, model };
}

const MIXED = ["mixed a", "mixed b", "mixed c"];
/** Large enough that a mixed group is all right or all wrong once in 2^15. */
const WIDE = { n1: 8, n2: 8 };

describe("the groups", () => {
  it.each([
    [5, 5, 5],
    [8, 2, 2],
    [3, 2, 1],
    [10, 0, 10],
    [0, 4, 4],
    [6, 9, 3],
  ])("hold n1 = %d anchor and n2 = %d positive answers, sampled in blocks of %d", async (n1, n2, block) => {
    const { batch, model, loaded } = await collect(MIXED, { n1, n2, dynamicSampling: false });
    expect(batch.rollouts).toHaveLength(3 * (n1 + n2));
    MIXED.forEach((name, group) => {
      const members = batch.rollouts.filter((r) => r.group === group);
      expect(members.map((r) => r.source)).toEqual([
        ...Array.from({ length: n1 }, () => "anchor"),
        ...Array.from({ length: n2 }, () => "positive"),
      ]);
      for (const r of members) {
        expect(textOf(r.rolloutPrompt)).toContain(`${name} ${r.source}`);
        expect(textOf(r.anchorPrompt)).toContain(`${name} anchor`);
        expect(r.negativePrompt && textOf(r.negativePrompt)).toContain(`${name} negative`);
      }
    });
    expect(model.generated).toHaveLength(1); // one call for all groups
    expect(model.generated[0]?.options.samples).toBe(block);
    expect(model.generated[0]?.texts).toHaveLength((3 * (n1 + n2)) / block);
    expect(loaded.filter((name) => name.endsWith("positive"))).toHaveLength(n2 === 0 ? 0 : 3);
  });

  it("differ between the blocks of one prompt", async () => {
    // 12 blocks of one sample at even odds: all alike once in 2^11
    const { batch } = await collect(["mixed a"], { n1: 11, n2: 1, promptsPerRollout: 1, promptsPerUpdate: 1 });
    expect(new Set(batch.rollouts.map((r) => r.completion.text)).size).toBe(2);
  });

  it("are the same for the same seed, and others for another", async () => {
    const texts = async (seed: number) =>
      (await collect(MIXED, { ...WIDE, dynamicSampling: false }, seed)).batch.rollouts.map((r) => r.completion.text);
    expect(await texts(1)).toEqual(await texts(1));
    expect(await texts(1)).not.toEqual(await texts(2));
  });

  it("do not load the negative image when no term looks at it", async () => {
    const { loaded, batch } = await collect(MIXED, { ...WIDE, objective: { gamma: 0, eta2: 0 } });
    expect(loaded.filter((name) => name.endsWith("negative"))).toEqual([]);
    expect(batch.rollouts.every((r) => r.negativePrompt === undefined)).toBe(true);
  });

  it("pass the sampling options on", async () => {
    const { model } = await collect(MIXED, { ...WIDE, temperature: 0.7, topP: 0.9, maxNewTokens: 50 });
    expect(model.generated[0]?.options).toMatchObject({ temperature: 0.7, topP: 0.9, maxNewTokens: 50 });
  });
});

describe("dynamic sampling", () => {
  const NAMES = ["mixed a", "easy", "hard", "easy", "mixed b", "hard", "mixed c", "mixed d"];

  it("replaces groups that are all right or all wrong by fresh prompts, only as many as are missing", async () => {
    const { batch, drawn } = await collect(NAMES, WIDE);
    // three drawn, one kept; two drawn (easy, mixed b), one kept; one drawn (hard); one drawn (mixed c)
    expect(drawn).toEqual(NAMES.slice(0, 7));
    expect([batch.groups, batch.sampledGroups, batch.resamples]).toEqual([3, 7, 3]);
    expect([0, 1, 2].map((g) => textOf(batch.rollouts.find((r) => r.group === g)!.anchorPrompt))).toEqual(
      ["a", "b", "c"].map((name) => expect.stringContaining(`mixed ${name}`) as string),
    );
  });

  it("counts what was thrown away in the means: they say what the policy does", async () => {
    const { batch } = await collect(["easy", "hard", "easy", "mixed"], { ...WIDE, maxResample: 0 });
    // 2 of 3 groups always right, all well-formed: 0.9 · 2/3 + 0.1
    expect(batch.meanAccuracy).toBeCloseTo(2 / 3, 12);
    expect(batch.meanReward).toBeCloseTo(0.7, 12);
    expect(batch.groups).toBe(0);
  });

  it("has means that are sums in the order of sampling, to the bit", async () => {
    const changes = { ...WIDE, formatWeight: 0.3, dynamicSampling: false, promptsPerRollout: 7, promptsPerUpdate: 7 };
    const { batch } = await collect(["mixed a", "hard", "mixed b", "easy", "mixed c", "mixed d", "mixed e"], changes);
    const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length;
    expect(batch.meanReward).toBe(mean(batch.rollouts.map((r) => r.reward.overall)));
    expect(batch.meanAccuracy).toBe(mean(batch.rollouts.map((r) => r.reward.accuracy)));
    expect(batch.meanLength).toBe(mean(batch.rollouts.map((r) => r.completion.tokenIds.length)));
  });

  it("adds what a later try samples to the same sums", async () => {
    const changes = { ...WIDE, formatWeight: 0.3, promptsPerRollout: 1, promptsPerUpdate: 1 };
    const { batch } = await collect(["hard", "mixed a"], changes);
    expect([batch.groups, batch.resamples]).toEqual([1, 1]);
    // 16 answers to "hard", all wrong and well-formed: 0.7 · 0 + 0.3 · 1; then those of the group that was kept, in the order of sampling
    const rewards = [...new Array<number>(16).fill(0.3), ...batch.rollouts.map((r) => r.reward.overall)];
    expect(batch.meanReward).toBe(rewards.reduce((total, value) => total + value, 0) / 32);
  });

  it.each([0, 1, 4])("stops after %d retries and trains on the groups found", async (maxResample) => {
    const names = ["mixed a", ...Array.from({ length: 20 }, () => "hard")];
    const { batch, drawn, model } = await collect(names, { ...WIDE, maxResample });
    expect([batch.groups, batch.resamples]).toEqual([1, maxResample]);
    expect(drawn).toHaveLength(3 + 2 * maxResample);
    expect(model.generated).toHaveLength(1 + maxResample);
  });

  it("without any group leaves the step out, or stops with a reason, as the options say", async () => {
    const hard = Array.from({ length: 20 }, () => "hard");
    const { batch } = await collect(hard, { ...WIDE, maxResample: 2, whenExhausted: "skip" });
    expect([batch.rollouts.length, batch.groups, batch.resamples]).toEqual([0, 0, 2]);
    const stopped = collect(hard, { ...WIDE, maxResample: 2, whenExhausted: "error" });
    await expect(stopped).rejects.toThrow(LabError);
    await expect(stopped).rejects.toThrow(/after 2 retries.*harder or easier/);
  });

  it("switched off keeps every group", async () => {
    const { batch, drawn } = await collect(["easy", "hard", "easy"], { ...WIDE, dynamicSampling: false });
    expect([batch.groups, drawn.length, batch.resamples]).toEqual([3, 3, 0]);
  });

  it("stops between tries when it is interrupted", async () => {
    const controller = new AbortController();
    const { draw, drawn } = queue(Array.from({ length: 90 }, () => "hard"));
    const stopping = (count: number) => {
      if (drawn.length > 6) controller.abort(new Error("interrupted"));
      return draw(count);
    };
    const run = collectRollouts(new Recorder(script), stopping, tapoOptions(WIDE), 1, controller.signal);
    await expect(run).rejects.toThrow("interrupted");
    expect(drawn.length).toBeLessThan(13);
  });
});
