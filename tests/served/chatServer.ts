import * as http from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import { z } from "zod";
import { messageOf } from "../../src/core/errors";
import type { RgbImage } from "../../src/core/image";
import type { ChatMessage, Completion, Prompt, VisionLanguageModel } from "../../src/model/contract";
import { encodeText, END_TOKEN } from "../../src/model/scripted/textCode";

/** What a server for tests is like. */
export interface ChatServerOptions {
  /** Who answers; its tokens must be those of `scripted/textCode`. */
  readonly model: VisionLanguageModel;
  readonly served?: string;
  /** "vllm" tells tokens, scores prompts and tokenizes; another one speaks the bare API. */
  readonly ownedBy?: string;
  /** Whether it was started to pool instead of to answer. */
  readonly pools?: boolean;
  /** Whether it gives as many answers as `n` says; else one. */
  readonly knowsN?: boolean;
  readonly knowsLogProbs?: boolean;
  /** A token whose log-prob in a prompt is not told. */
  readonly untold?: number;
  readonly key?: string;
}

/** A request as it arrived. */
export interface Arrived {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface RunningServer {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  close(): Promise<void>;
}

const part = z.union([
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("image_url"), image_url: z.object({ url: z.string() }) }),
]);
const bodySchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.union([z.string(), z.array(part)]) }))
    .optional(),
  prompt: z.string().optional(),
  tokens: z.array(z.number()).optional(),
  n: z.number().default(1),
  max_tokens: z.number().default(16),
  temperature: z.number().default(1),
  top_p: z.number().default(1),
  seed: z.number().default(0),
  logprobs: z.boolean().default(false),
  return_token_ids: z.boolean().default(false),
  prompt_logprobs: z.number().optional(),
  continue_final_message: z.boolean().default(false),
  add_generation_prompt: z.boolean().default(true),
});
type Body = z.infer<typeof bodySchema>;

/** Stands for a part of a picture: sixteen of them for each. */
const PART = 1;
const PARTS = 16;

class Bad extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Starts a small server on the loopback that speaks the chat completions API; a model in this process answers. */
export async function chatServer(options: ChatServerOptions): Promise<RunningServer> {
  const arrived: Arrived[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const { url: path = "", headers } = request;
      arrived.push({ path, authorization: headers.authorization, body });
      answer(options, path, headers.authorization, body).then(
        (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value)),
        (error: unknown) => {
          const status = error instanceof Bad ? error.status : 500;
          response.writeHead(status).end(JSON.stringify({ error: { message: messageOf(error), code: status } }));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    arrived,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { model, served = "tiny", ownedBy = "vllm", pools = false, key, ...able }: ChatServerOptions,
  path: string,
  authorization: string | undefined,
  given: object,
): Promise<unknown> {
  if (key !== undefined && authorization !== `Bearer ${key}`)
    throw new Bad(401, `Incorrect API key provided: ${authorization ?? ""}`);
  if (path === "/v1/models")
    return { data: [{ id: served, owned_by: ownedBy, root: `/somewhere/${served}`, max_model_len: 4096 }] };
  if (path === "/version" && ownedBy === "vllm") return { version: "0.0.0-test" };
  if (!["/v1/chat/completions", "/tokenize", "/detokenize", "/pooling"].includes(path)) throw new Bad(404, "Not Found");
  const body = bodySchema.parse({ n: 1, ...given });
  if (path === "/v1/chat/completions") {
    if (pools) throw new Bad(400, "The model does not support Chat Completions API");
    if (body.logprobs && able.knowsLogProbs === false) throw new Bad(400, "logprobs are not supported");
    return chat(model, body, ownedBy === "vllm", able);
  }
  if (ownedBy !== "vllm") throw new Bad(404, "Not Found");
  if (path === "/tokenize")
    return { tokens: body.prompt === undefined ? promptIds(await promptOf(body), body) : encodeText(body.prompt) };
  if (path === "/detokenize") return { prompt: await model.decode(body.tokens ?? []) };
  if (path === "/pooling" && pools) return { data: [{ data: await statesOf(body) }] };
  throw new Bad(404, "Not Found");
}

async function chat(
  model: VisionLanguageModel,
  body: Body,
  vllm: boolean,
  { knowsN = true, untold }: Pick<ChatServerOptions, "knowsN" | "untold">,
): Promise<unknown> {
  const prompt = await promptOf(body);
  const { max_tokens: maxNewTokens, temperature, top_p: topP, seed } = body;
  const samples = knowsN ? body.n : 1;
  const [made = []] = await model.generate([prompt], { samples, maxNewTokens, temperature, topP, seed });
  const asked = promptIds(prompt, body);
  const written = made.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0);
  return {
    choices: made.map((one, index) => choice(one, index, body, vllm)),
    usage: { prompt_tokens: asked.length, completion_tokens: written },
    ...(vllm && body.return_token_ids ? { prompt_token_ids: asked } : {}),
    ...(vllm && body.prompt_logprobs !== undefined
      ? { prompt_logprobs: await scores(model, body, asked, untold) }
      : {}),
  };
}

function choice({ text, finish, tokenIds, logProbs }: Completion, index: number, body: Body, vllm: boolean): unknown {
  return {
    index,
    message: { role: "assistant", content: text },
    finish_reason: finish,
    ...(body.logprobs ? { logprobs: { content: logProbs.map((logprob) => ({ token: "?", logprob })) } } : {}),
    ...(vllm && body.return_token_ids ? { token_ids: tokenIds } : {}),
  };
}

/** log π of the last message's tokens, and 0 of what stands before. */
async function scores(
  model: VisionLanguageModel,
  body: Body,
  asked: readonly number[],
  untold?: number,
): Promise<unknown[]> {
  const before = { ...body, messages: body.messages?.slice(0, -1), continue_final_message: false };
  const prompt = await promptOf({ ...before, add_generation_prompt: true });
  const text = body.messages?.at(-1)?.content as string;
  const tokenIds = [...encodeText(text), ...(body.continue_final_message ? [] : [END_TOKEN])];
  const [own = []] = await model.logProbs([{ prompt, tokenIds }]);
  const from = promptIds(prompt, { ...before, add_generation_prompt: true }).length;
  return asked.map((id, i) => (i === 0 || id === untold ? null : { [id]: { logprob: own[i - from] ?? 0, rank: 1 } }));
}

/** States that tell tokens and places apart. */
async function statesOf(body: Body): Promise<number[][]> {
  return promptIds(await promptOf(body), body).map((id, place) => [id, place, 1]);
}

async function promptOf({ messages = [], continue_final_message: open }: Body): Promise<Prompt> {
  const images: RgbImage[] = [];
  const plain: ChatMessage[] = [];
  for (const { role, content } of messages) {
    const texts: string[] = [];
    for (const piece of typeof content === "string" ? [{ type: "text" as const, text: content }] : content) {
      if (piece.type === "image_url") images.push(await decoded(piece.image_url.url));
      texts.push(piece.type === "text" ? piece.text : "<image>");
    }
    plain.push({ role, content: texts.join("") });
  }
  const last = plain.at(-1);
  if (!open || last?.role !== "assistant") return { messages: plain, images };
  return { messages: plain.slice(0, -1), images, begun: last.content };
}

async function decoded(url: string): Promise<RgbImage> {
  const png = Buffer.from(url.replace(/^data:image\/png;base64,/u, ""), "base64");
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The template: "role: content", an end behind what an assistant has said, and a line feed. */
function promptIds(
  { messages, begun }: Prompt,
  { add_generation_prompt: asks }: Pick<Body, "add_generation_prompt">,
): number[] {
  const said = messages.flatMap(({ role, content }) => [
    ...content
      .split("<image>")
      .flatMap((text, i) => [
        ...(i === 0 ? encodeText(`${role}: `) : new Array<number>(PARTS).fill(PART)),
        ...encodeText(text),
      ]),
    ...(role === "assistant" ? [END_TOKEN] : []),
    ...encodeText("\n"),
  ]);
  if (begun !== undefined) return [...said, ...encodeText(`assistant: ${begun}`)];
  return asks ? [...said, ...encodeText("assistant: ")] : said;
}
