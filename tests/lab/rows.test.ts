import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPrompt } from "../../src/data/prompts";
import { closedWorld, general, inference, openWorld } from "../../src/experiments";
import { notBuilt, requireBuilt } from "../../src/lab/missing";
import { differingSettings, settingsOf } from "../../src/lab/kept";
import { labOf, type Lab } from "../../src/lab/lab";
import { isEncoderRow, modelConfigs, styleOf } from "../../src/lab/modelConfig";
import { loadProfile } from "../../src/lab/profile";
import { triplets } from "../../src/lab/recipe";
import { make, makeAll, requireReady } from "../../src/lab/make";
import { lackingFor } from "../../src/lab/lacking";
import { makeMethods, planRun, stagesOf } from "../../src/lab/run";
import { readTemplates } from "../../src/lab/templates";
import { openModel } from "../../src/model/open";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";
import { styled } from "../../src/model/styled";
import { silent } from "../../src/core/progress";
import { newHome, removeHome } from "../cli/home";
import { unpackEncoder } from "../model/encoderFixture";
import { chatServer, type Arrived, type RunningServer } from "../served/chatServer";
import { tinyLab } from "./tinyLab";

const home = newHome("rows");
const servers: RunningServer[] = [];
/** A server of one model, which says "tern" in the form of an answer to everything. */
async function serve(hub: string): Promise<RunningServer> {
  const model = new ScriptedModel(() => [{ text: "<think>small</think><answer>tern</answer>" }]);
  const server = await chatServer({ model, served: hub });
  servers.push(server);
  return server;
}
afterAll(async () => {
  for (const server of servers) await server.close();
  removeHome(home);
});

/** The chat requests that arrived, those aside by which the engine finds out what the server can: each turn's role with its parts, a picture as "picture". */
function chats(arrived: readonly Arrived[]): string[][] {
  interface Turn {
    readonly role: string;
    readonly content: string | readonly { readonly text?: string; readonly image_url?: { readonly url: string } }[];
  }
  return arrived
    .filter((one) => one.path === "/v1/chat/completions")
    .map(({ body }) =>
      (body["messages"] as Turn[]).map(({ role, content }) => {
        if (typeof content === "string") return `${role}: ${content}`;
        const parts = content.map((one) => (one.image_url?.url.startsWith("data:image/") ? "[picture]" : one.text));
        return `${role}: ${parts.join("")}`;
      }),
    )
    .filter((turns) => !turns.some((turn) => turn.includes("What is this?")));
}

describe("the request that a server gets", () => {
  const asked = modelConfigs().filter((config) => !isEncoderRow(config));

  it.each(asked)("is in the style of $name", async (config) => {
    const { hub, prompt } = config;
    const server = await serve(hub);
    const model = styled(await openModel(`served:${server.url}#${hub}`), styleOf(config));
    const image = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
    const request = { question: "Which bird is this?", superCategory: "bird", image, thinking: prompt.thinking };
    const options = { samples: 1, maxNewTokens: 9, temperature: 0, topP: 1, seed: 1 };
    await model.generate([buildPrompt(prompt.wording ?? "released", request)], options);
    const words = {
      "deepperception-7b":
        "Which bird is this?  Output the thinking process in <think> </think> and final answer in <answer> </answer> tags.",
      "fine-r1-3b": RELEASED("Output reasoning in <think></think> and the final answer in <answer></answer>."),
      "fine-r1-7b": RELEASED("Output reasoning in <think></think> and the final answer in <answer></answer>."),
    }[config.name];
    const system = config.name.startsWith("internvl") ? [`system: ${prompt.system ?? "none"}`] : [];
    const user = words ?? RELEASED("Output the final answer in <answer></answer>.");
    expect(chats(server.arrived)).toEqual([[...system, `user: [picture]${user}`]]);
    expect(server.arrived.at(-1)?.body["model"]).toBe(hub);
  });
});

/** The release's open question (eval/evaluation.py), with its full stop behind the question mark. */
function RELEASED(ending: string): string {
  return `Given the question: Which bird is this?. This is a fine-grained question. ${ending}`;
}

describe("rows of a profile", () => {
  let lab: Lab;
  let server: RunningServer;
  beforeAll(async () => {
    server = await serve("OpenGVLab/InternVL2_5-2B");
    const clip = unpackEncoder("clip", path.join(home, "published"));
    lab = await tinyLab(home, {
      rows: ["internvl2.5-2b", "clip-l", "idefics2-8b"],
      servers: { "internvl2.5-2b": server.url, "clip-l": `onnx:${clip}` },
    });
  });
  const named = (experiment: typeof closedWorld): string[] =>
    planRun(lab, experiment, { only: "all" }).map(({ method }) => method.name);

  it("stand behind the experiment's own; encoders only choose", () => {
    expect(named(closedWorld)).toEqual(["clip", "siglip", "base", "tapo", "internvl2.5-2b", "clip-l", "idefics2-8b"]);
    expect(named(openWorld)).toEqual(["base", "tapo", "internvl2.5-2b", "idefics2-8b"]);
    expect(named(general).slice(-2)).toEqual(["internvl2.5-2b", "idefics2-8b"]);
  });

  it("are asked and measured, each as its model is", async () => {
    const plan = planRun(lab, closedWorld, { only: ["internvl2.5-2b", "clip-l"] });
    const made = await makeMethods(lab, closedWorld, plan);
    const accuracy = made.map(({ measurements }) => measurements.filter(({ metric }) => metric === "accuracy").length);
    expect(accuracy.every((count) => count > 0)).toBe(true);
    const [first] = chats(server.arrived);
    expect(first?.[0]).toMatch(/^system: 你是书生/u);
    expect(first?.[1]).toMatch(/^user: \[picture\](bird|car|\w+) options/u); // the wording is the profile's
    expect(chats(server.arrived)).toHaveLength(lab.dataset.test("seen").length + lab.dataset.test("unseen").length);
  });

  it("say how to get what is not there", () => {
    const plan = planRun(lab, closedWorld, { only: ["idefics2-8b"] });
    expect(() => {
      requireBuilt(notBuilt(stagesOf(plan)));
    }).toThrow("row:idefics2-8b: the checkpoint is not there. `npx fine-r1 models show idefics2-8b` says how to get or serve it."); // prettier-ignore
  });

  it("are looked at before anything is made: a server that does not answer is named, with its reason", async () => {
    const gone = await serve("Qwen/Qwen2-VL-7B-Instruct");
    await gone.close();
    const rows = { rows: ["internvl2.5-2b", "qwen2-vl-7b"], servers: { "internvl2.5-2b": server.url, "qwen2-vl-7b": gone.url } }; // prettier-ignore
    const asked = await labOf({ ...lab.profile, ...rows }, { progress: silent, store: lab.store });
    const stages = (name: string) => stagesOf(planRun(asked, openWorld, { only: [name] }));
    await requireReady(asked, stages("internvl2.5-2b"));
    const before = server.arrived.length;
    await expect(makeAll(asked, [...stages("internvl2.5-2b"), ...stages("qwen2-vl-7b")])).rejects.toThrow(
      /127\.0\.0\.1.*#Qwen\/Qwen2-VL-7B-Instruct: cannot be reached: .*Start the server, or correct the address/u,
    );
    expect(chats(server.arrived.slice(before))).toEqual([]); // the other was looked at, and not asked
    const chosen = { only: ["internvl2.5-2b", "qwen2-vl-7b"], store: lab.store };
    const dry = await lackingFor(asked.profile, [openWorld], chosen);
    expect(dry.map(({ key }) => key)).toEqual(["rows: Qwen2-VL-7B-Instruct"]);
  });

  it("do not make other rows those of other settings, nor does a base that is not there", async () => {
    const plain = { ...lab.profile, rows: undefined, servers: undefined, templates: path.join(home, "none.txt") };
    const bare = { ...plain, base: path.join(home, "nowhere") };
    const context = { progress: silent, store: lab.store };
    expect(differingSettings(settingsOf(lab), settingsOf(await labOf(plain, context)))).toEqual([]);
    await expect(labOf(bare, context)).rejects.toThrow(/nowhere: the checkpoint is not there/u);
    const lenient = await labOf(bare, { ...context, models: "there" });
    expect(differingSettings(settingsOf(lab), settingsOf(lenient))).toEqual([]);
  });
});

describe("a published encoder in a profile", () => {
  it("mines triplets, is Sim of Eq. 5 where it is named for it, and reads an ensemble of templates", async () => {
    const at = `onnx:${unpackEncoder("siglip2", path.join(home, "siglip2"))}`;
    const whole = await tinyLab(path.join(home, "whole"));
    const file = path.join(home, "templates.txt");
    fs.writeFileSync(file, "a photo of a {class}.\n\n a drawing of a {class}.\n");
    const profile = { ...whole.profile, encoder: at, similarity: whole.profile.encoder, templates: file };
    const lab = await labOf(profile, { progress: silent, store: whole.store });
    const recipe = lab.recipe(1);
    expect(recipe.similarity).toEqual(whole.recipe(1).encoder);
    const mined = await make(lab, triplets(recipe));
    expect(mined.result).toEqual({ triplets: lab.dataset.train.length });
    const plan = planRun(lab, inference, { only: ["siglip-ensemble"] });
    expect(plan[0]?.method.title).toBe("SigLIP-style encoder, 2 templates");
    expect(plan[0]?.asked[0]?.answers.inputs["strategy"]).toEqual({
      templates: ["a photo of a {class}.", "a drawing of a {class}."],
    });
    expect((await makeMethods(lab, inference, plan))[0]?.measurements.length).toBeGreaterThan(0);
  });

  it("has templates that are refused where they name no class, or are not there", () => {
    const file = path.join(home, "wrong.txt");
    fs.writeFileSync(file, "a photo of a {class}.\na photo.\n");
    expect(() => readTemplates(file)).toThrow(/wrong.txt: line 2 names no class\. .*fine-r1 models templates/u);
    expect(() => readTemplates(path.join(home, "nowhere.txt"))).toThrow(/nowhere.txt: is not there\. .*models templates/u); // prettier-ignore
    expect(loadProfile("smoke", { templates: "x.txt" }).templates).toBe(path.resolve("x.txt"));
  });
});
