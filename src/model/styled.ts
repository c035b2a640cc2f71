import { z } from "zod";
import { IMAGE_MARKER, type ChatMessage, type Prompt, type VisionLanguageModel } from "./contract";

/** How a family of models wants any prompt, beyond its words: what its own code does before the chat template. */
export interface PromptStyle {
  /** A system turn put first, unless the prompt has one of its own. Left out: none is sent, and the model's chat template may write its own. */
  readonly system?: string | undefined;
  /** Where a user's pictures stand in the turn; left out: where the prompt has them. */
  readonly image?: "first" | "last" | undefined;
}

export const promptStyleSchema: z.ZodType<PromptStyle> = z.strictObject({
  system: z.string().min(1).optional(),
  image: z.enum(["first", "last"]).optional(),
});

/** The prompt in a style. */
export function stylePrompt(prompt: Prompt, { system, image }: PromptStyle): Prompt {
  const turns = image === undefined ? prompt.messages : prompt.messages.map((turn) => placed(turn, image));
  const own = turns.some(({ role }) => role === "system");
  const messages = own || system === undefined ? turns : [{ role: "system" as const, content: system }, ...turns];
  return { ...prompt, messages };
}

function placed(turn: ChatMessage, image: "first" | "last"): ChatMessage {
  const parts = turn.content.split(IMAGE_MARKER);
  if (turn.role !== "user" || parts.length === 1) return turn;
  const words = parts.join("").trim();
  const marks = IMAGE_MARKER.repeat(parts.length - 1);
  return { ...turn, content: image === "first" ? `${marks}${words}` : `${words}${marks}` };
}

/** A model that gets every prompt in a style. */
export function styled(model: VisionLanguageModel, style: PromptStyle | undefined): VisionLanguageModel {
  if (style === undefined) return model;
  const inStyle = (prompts: readonly Prompt[]): Prompt[] => prompts.map((prompt) => stylePrompt(prompt, style));
  const usage = model.usage?.bind(model);
  return {
    name: model.name,
    ...(usage === undefined ? {} : { usage }),
    ...(model.lanes === undefined ? {} : { lanes: model.lanes }),
    generate: (prompts, options) => model.generate(inStyle(prompts), options),
    logProbs: (items) => model.logProbs(items.map((item) => ({ ...item, prompt: stylePrompt(item.prompt, style) }))),
    hiddenStates: (prompts, options) => model.hiddenStates(inStyle(prompts), options),
    encodeCompletion: (text) => model.encodeCompletion(text),
    decode: (tokenIds) => model.decode(tokenIds),
    dispose: () => {
      model.dispose();
    },
  };
}
