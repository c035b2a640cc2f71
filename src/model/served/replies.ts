import { createHash } from "node:crypto";
import { z } from "zod";
import { parserOf } from "../../config/stored";
import { JsonlFile } from "../../core/files";
import type { Completion } from "../contract";

/** What a server answered to one request, and what that cost. */
export interface KeptReply {
  /** Of the request: the model, the messages with their pictures, and how it was to be answered. */
  readonly request: string;
  readonly completions: readonly Completion[];
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly seconds: number;
}

const count = z.int().min(0);
const replySchema: z.ZodType<KeptReply> = z.strictObject({
  request: z.string(),
  completions: z.array(
    z.strictObject({
      tokenIds: z.array(count),
      length: count.optional(),
      text: z.string(),
      logProbs: z.array(z.number()),
      finish: z.enum(["stop", "length"]),
      withheld: z.string().optional(),
    }),
  ),
  promptTokens: count,
  answerTokens: count,
  seconds: z.number().min(0),
});
const parseReply = parserOf(replySchema);

/**
 * The replies of a piece of work, by what was asked. In a file they outlive the process: a run that was killed between two answers that it keeps
 * together asks for none of them twice. No key and no address is written there.
 */
export class Replies {
  private readonly file: JsonlFile<KeptReply> | undefined;
  private readonly byRequest: ReadonlyMap<string, KeptReply>;

  constructor(file: string | undefined) {
    this.file = file === undefined ? undefined : JsonlFile.open(file, parseReply);
    this.byRequest = new Map((this.file?.existing ?? []).map((reply) => [reply.request, reply]));
  }

  /** All that an earlier process left. */
  get earlier(): readonly KeptReply[] {
    return this.file?.existing ?? [];
  }

  /** What an earlier process was answered. */
  find(request: string): KeptReply | undefined {
    return this.byRequest.get(request);
  }

  keep(reply: KeptReply): void {
    this.file?.append(reply);
  }

  close(): void {
    this.file?.close();
  }
}

/** Tells a request from any other. */
export function requestId(body: object): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
