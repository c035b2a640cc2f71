import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../config/load";
import { configFile, configFiles } from "../config/names";
import { slugSchema } from "../config/slug";
import { PROMPT_SETS, type PromptSet } from "../data/prompts";
import { requirePublic } from "../model/served/address";
import { promptStyleSchema, type PromptStyle } from "../model/styled";

/** A published model as a row of Tables 1, 2 and 6: where it is got, how it is run and how it is asked. Files: configs/models/<name>.yaml. */
export interface ModelConfig {
  readonly name: string;
  /** The row, as the paper's tables call it. */
  readonly title: string;
  /** Its id on the hub. */
  readonly hub: string;
  /** Of the weights: a commit where one is known, else "main", which may move. */
  readonly revision: string;
  /** What runs it, first choice first: "onnx" an encoder, "qwen" in this process where its folder is there, "served" by a server. */
  readonly engines: readonly RowEngine[];
  /** Millions of parameters by part: their sum is what the memory is computed from. */
  readonly parameters: Readonly<Record<string, number>>;
  /** Of an encoder: a conversion to ONNX on the hub, or the flags of `scripts/export_encoder.py`. */
  readonly onnx?: { readonly hub: string } | { readonly flags: string } | undefined;
  /** Of a served model: the program, and what it needs beyond the model's name. */
  readonly serve?: ServeConfig | undefined;
  readonly prompt: RowPrompt;
  readonly licence: string;
  /** What one should know before its numbers are believed. */
  readonly note?: string | undefined;
}

/** How a row is asked. */
export interface RowPrompt extends PromptStyle {
  /** Whether it is asked to reason before it answers. */
  readonly thinking: boolean;
  /** The set of prompts that words its questions; left out: the profile's. */
  readonly wording?: PromptSet | undefined;
}

export interface ServeConfig {
  readonly program: "vllm" | "tgi";
  readonly flags: string;
}

const ENGINES = ["onnx", "qwen", "served"] as const;
export type RowEngine = (typeof ENGINES)[number];

const text = z.string().min(1);
const flags = z.string();
const hub = z.string().regex(/^[\w.-]+\/[\w.-]+$/u, "an id of the hub: OWNER/NAME");

export const modelConfigSchema: z.ZodType<ModelConfig> = z.strictObject({
  name: slugSchema,
  title: text,
  hub,
  revision: text,
  engines: z.array(z.enum(ENGINES)).min(1),
  parameters: z.record(z.string(), z.number().positive()),
  onnx: z.union([z.strictObject({ hub }), z.strictObject({ flags })]).optional(),
  serve: z.strictObject({ program: z.enum(["vllm", "tgi"]), flags }).optional(),
  prompt: z.strictObject({
    thinking: z.boolean(),
    wording: z.enum(PROMPT_SETS).optional(),
    system: z.string().min(1).optional(),
    image: z.enum(["first", "last"]).optional(),
  }),
  licence: text,
  note: text.optional(),
});

/** Reads a model's config by name. @throws LabError with the names that there are */
export function loadModelConfig(name: string): ModelConfig {
  return loadConfig(configFile("models", name), modelConfigSchema);
}

/** Every model's config, in the order of their names. */
export function modelConfigs(): ModelConfig[] {
  return configFiles("models").map((file) => loadModelConfig(path.basename(file, ".yaml")));
}

/** Whether it is an encoder: it chooses among options, and writes nothing. */
export function isEncoderRow({ engines }: Pick<ModelConfig, "engines">): boolean {
  return engines.includes("onnx");
}

/** Where its files are looked for: models/<last part of its id>. */
export function modelFolder({ hub: id }: Pick<ModelConfig, "hub">): string {
  return path.join(ROOT, "models", path.basename(id));
}

/** The environment variable that says where a row is served; FINE_R1_SERVER is one for all of them. */
export function serverVariable(name: string): string {
  return `FINE_R1_SERVER_${name.toUpperCase().replaceAll(/[^A-Z0-9]/gu, "_")}`;
}

/**
 * The model of a row as `openModel` takes it, or "onnx:DIR" of an encoder; `undefined` where nothing of it is here. In this order: what the
 * profile's `servers` names, an address in the environment, the model's own folder.
 * @param servers addresses, folders or models of any engine, by a row's name
 * @throws LabError for an address that holds what may be secret
 */
export function whereRow(config: ModelConfig, servers: Readonly<Record<string, string>> = {}): string | undefined {
  const { name, engines } = config;
  const named = servers[name] ?? nonEmpty(process.env[serverVariable(name)]) ?? (engines.includes("served") ? nonEmpty(process.env["FINE_R1_SERVER"]) : undefined); // prettier-ignore
  requirePublic(named ?? "");
  if (named !== undefined) return /^https?:\/\//u.test(named) ? `served:${named}#${config.hub}` : named;
  const folder = modelFolder(config);
  if (!fs.existsSync(path.join(folder, "config.json"))) return undefined;
  return isEncoderRow(config) ? `onnx:${folder}` : engines.includes("qwen") ? folder : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** The style of a row's prompts; `undefined` where they stay as they are, so that keys of such answers do, too. */
export function styleOf({ prompt: { system, image } }: Pick<ModelConfig, "prompt">): PromptStyle | undefined {
  const style = promptStyleSchema.parse({ system, image });
  return Object.values(style).every((value) => value === undefined) ? undefined : style;
}

/** Bytes of a weight: an encoder's ONNX file has float32, a language model is run in bfloat16. */
function bytesOf(config: Pick<ModelConfig, "engines">): { readonly bytes: number; readonly type: string } {
  return isEncoderRow(config) ? { bytes: 4, type: "float32" } : { bytes: 2, type: "bfloat16" };
}

/** What the weights take, with the sum: "vision 304 M + language 1889 M = 2193 M parameters × 2 bytes (bfloat16) = 4.1 GiB". */
export function memoryOf(config: Pick<ModelConfig, "engines" | "parameters">): { gib: number; words: string } {
  const parts = Object.entries(config.parameters);
  const millions = parts.reduce((sum, [, count]) => sum + count, 0);
  const { bytes, type } = bytesOf(config);
  const gib = (millions * 1e6 * bytes) / 2 ** 30;
  const sum = parts.map(([part, count]) => `${part} ${count} M`).join(" + ");
  const whole = parts.length === 1 ? "" : ` = ${Number(millions.toFixed(1))} M`;
  return { gib, words: `${sum}${whole} parameters × ${bytes} bytes (${type}) = ${gib.toFixed(1)} GiB` };
}
