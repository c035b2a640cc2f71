import { LabError, messageOf } from "../../core/errors";
import { send, type Outgoing, type RawReply } from "../../core/http";

export interface Question extends Pick<Outgoing, "method" | "body"> {
  readonly headers?: Readonly<Record<string, string>>;
  /** Until the whole answer is there; 30. */
  readonly seconds?: number;
}

/** Nobody answered; it may be otherwise in a moment. */
export class Unreachable extends LabError {
  constructor(where: string, why: string, cause?: unknown) {
    const remedy = "Is its head up, and is the address that of its dashboard (port 8265 as a rule)?";
    super(`the cluster does not answer (${why})`, remedy, { subject: where, cause });
  }
}

/** One request. @throws Unreachable where there is no answer, or not all of it; LabError for one that is too long */
export async function request(url: URL, { headers = {}, seconds = 30, ...question }: Question = {}): Promise<RawReply> {
  try {
    return await send(url.href, { ...question, headers, timeoutMs: 1000 * seconds });
  } catch (error) {
    if (error instanceof LabError) throw error; // too long: it would be so again
    throw new Unreachable(nameOf(new URL("/", url)), messageOf(error), error);
  }
}

/** An address as messages and tables show it: a password in it is nobody's business. */
export function nameOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
}
