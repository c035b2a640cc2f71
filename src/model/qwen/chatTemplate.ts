import * as fs from "node:fs";
import * as path from "node:path";
import { types } from "node:util";
import * as vm from "node:vm";
import { z } from "zod";
import { LabError, messageOf } from "../../core/errors";
import { readJson, readText } from "../../core/files";

/** How long a template may take for its first conversation; a published one takes less than a millisecond. */
const LONGEST_MS = 2000;

/** A Jinja text and the file it comes from. */
export interface ChatTemplate {
  readonly text: string;
  readonly file: string;
}

const named = z.object({ name: z.string(), template: z.string() });
const holderSchema = z.object({ chat_template: z.union([z.string(), z.array(named)]).nullish() });

/** `chat_template.jinja`, `chat_template.json` or the template in `tokenizer_config.json`, in this order. */
export function readChatTemplate(folder: string): ChatTemplate | undefined {
  const jinja = path.join(folder, "chat_template.jinja");
  if (fs.existsSync(jinja)) return { text: readText(jinja), file: jinja };
  const file = ["chat_template.json", "tokenizer_config.json"]
    .map((name) => path.join(folder, name))
    .find((candidate) => fs.existsSync(candidate));
  if (file === undefined) return undefined;
  const holder = holderSchema.safeParse(readJson(file));
  if (!holder.success)
    throw new LabError("has a chat_template that is none", "Download the file again.", { subject: file });
  const { chat_template: template } = holder.data;
  if (typeof template === "string") return { text: template, file };
  const chosen = template?.find(({ name }) => name === "default") ?? template?.[0];
  return chosen === undefined ? undefined : { text: chosen.template, file };
}

/** Renders conversations; the first one under a watch, since a template is a program with loops. */
export class TemplateRunner {
  private proven = false;

  constructor(private readonly template: ChatTemplate) {}

  /** @throws LabError naming the template's file, when it is malformed, refuses the conversation or does not end */
  run(render: (text: string) => string): string {
    const work = (): string => render(this.template.text);
    try {
      const text = this.proven ? work() : withinTime(work);
      this.proven = true;
      return text;
    } catch (error) {
      // The watch's error comes from its own context, where `Error` is another class.
      const endless = types.isNativeError(error) && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
      const reason = endless
        ? `did not end within ${LONGEST_MS / 1000} seconds`
        : `cannot be used (${messageOf(error)})`;
      throw new LabError(`the chat template ${reason}`, "Use the template of the model, or correct this one.", {
        subject: this.template.file,
        cause: error,
      });
    }
  }
}

const watched = new vm.Script("work()");

function withinTime(work: () => string): string {
  return z.string().parse(watched.runInNewContext({ work }, { timeout: LONGEST_MS }));
}
