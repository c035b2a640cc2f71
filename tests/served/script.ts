import type { RgbImage } from "../../src/core/image";
import type { Prompt } from "../../src/model/contract";
import { lookAtServer } from "../../src/model/served/look";
import { ServedModel } from "../../src/model/served/model";
import type { Patience } from "../../src/model/served/server";
import { ScriptedModel } from "../../src/model/scripted/scriptedModel";

/** Pauses that a test can wait for. */
export const QUICK: Patience = { attempts: 12, firstMs: 2, longestMs: 20, longestAskedMs: Infinity };

/** Says what it was asked, one of two ways: the first answer is the likelier. */
export function echo(): ScriptedModel {
  return new ScriptedModel(({ messages }) => {
    const asked = messages.at(-1)?.content.replace("<image>", "") ?? "";
    return [
      { text: `<answer>${asked}</answer>`, probability: 0.7 },
      { text: "no idea", probability: 0.3 },
    ];
  }, "echo");
}

export const picture = (level: number, side = 28): RgbImage => ({
  width: side,
  height: side,
  data: new Uint8Array(side * side * 3).fill(level),
});

export const ask = (text: string, level = 7): Prompt => ({
  messages: [{ role: "user", content: `<image>${text}` }],
  images: [picture(level)],
});

/** A served model with little patience. */
export async function openServed(url: string, replies?: string, name = "tiny"): Promise<ServedModel> {
  const where = `${url}#${name}`;
  return new ServedModel(where, await lookAtServer(where), { replies }, QUICK);
}
