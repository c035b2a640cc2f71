import { z } from "zod";
import { checkConfig } from "../config/load";
import type { Dataset } from "../data/dataset";
import type { StepFigures } from "../engine/train";
import type { Capability } from "../model/contract";
import { requireCan } from "../model/open";
import { keyOf, toJson, type Json, type Work } from "../store/key";
import type { StoreContext } from "../store/store";

/** Where a stage keeps what a server answered, reply by reply, until it has ended. */
export const REPLIES = "replies.jsonl";

/** What no stage made. `at` says where it is found (a folder, "miniworld:test"); only the fingerprint is part of a key. */
export interface Given {
  readonly given: "dataset" | "checkpoint" | "encoder" | "chains";
  readonly fingerprint: string;
  readonly at: string;
}

/** Another stage, as inputs name it: by its kind and key. */
export interface StageRef {
  readonly stage: string;
  readonly key: string;
}

/** Whatever a stage works on, as its inputs keep it. */
export type Ref = Given | StageRef;

/** Whatever a stage works on, as it is handed to a builder. */
export type Source = Given | Stage;

/** Whether it is an encoder, which picks among options and writes nothing. */
export function isEncoder(source: Ref | Source): source is Given & { readonly given: "encoder" } {
  return "given" in source && source.given === "encoder";
}

export const givenSchema: z.ZodType<Given> = z.strictObject({
  given: z.enum(["dataset", "checkpoint", "encoder", "chains"]),
  fingerprint: z.string(),
  at: z.string(),
});
export const stageRefSchema: z.ZodType<StageRef> = z.strictObject({ stage: z.string(), key: z.string() });
export const refSchema: z.ZodType<Ref> = z.union([givenSchema, stageRefSchema]);

/** What a stage's body works with besides its inputs. None of it decides a number. */
export interface Workbench {
  /** Where it writes; what an interrupted run left is still there. */
  readonly folder: string;
  /** How progress calls it. */
  readonly label: string;
  readonly context: LabContext;
  dataset(ref: Given): Promise<Dataset>;
  /** The folder that an earlier stage left, or where a given one lies. */
  place(ref: Ref): string;
}

/** Where stages are kept, and who watches. */
export interface LabContext extends StoreContext {
  /** Called after every training step, for live curves. */
  readonly onStep?: ((label: string, figures: StepFigures) => void) | undefined;
  /** Who makes stages instead of this process and its workers. No number depends on it. */
  readonly executor?: Executor | undefined;
}

/** Has stages made on other machines that share the store. */
export interface Executor {
  /** As the record of a run names it. */
  readonly name: string;
  /** How many stages it takes at a time. */
  readonly lanes: number;
  /** Seconds after which what another machine wrote shows in this one's folders, at the latest. */
  readonly settleSeconds: number;
  /** Returns when the stage is in the store; those that it needs are there. @throws LabError that says why it could not be made */
  make(stage: Stage, context: LabContext): Promise<void>;
}

/** A kind of work: what it takes, what it gives, and how it is done. */
export interface StageDefinition<I, R> {
  readonly kind: string;
  /** Raised by whoever changes what it computes: the code's part in a stage's key. */
  readonly version: number;
  readonly inputs: z.ZodType<I>;
  readonly result: z.ZodType<R>;
  readonly run: (inputs: I, bench: Workbench) => Promise<R>;
  /** What it asks of the models among its inputs; a given one that cannot do it is refused before anything is made (`requireAble`). */
  readonly asks?: (inputs: I) => Readonly<Partial<Record<keyof I & string, readonly Capability[]>>>;
  /** Files in its folder that are not needed once it has ended, such as checkpoints. */
  readonly scraps?: readonly string[];
}

/** A kind of work, its inputs being JSON. */
export interface StageKind<R = unknown> extends Pick<StageDefinition<unknown, R>, "kind" | "version" | "scraps"> {
  /** What it asks of the models among its inputs. */
  asks(inputs: Inputs): Readonly<Record<string, readonly Capability[] | undefined>>;
  /** The inputs with every default filled in. @throws LabError that names an input that the kind does not take */
  check(inputs: unknown): Inputs;
  /** Reads a result again. */
  parse(result: unknown): R;
  run(inputs: Inputs, bench: Workbench): Promise<R>;
}

/** Inputs as plain JSON, other stages by their keys. */
export type Inputs = { readonly [key: string]: Json };

/** A piece of work as data: what it is made from, all the way down. Making it is `make` (lab/make.ts). */
export interface Stage<R = unknown> {
  readonly kind: StageKind<R>;
  readonly inputs: Inputs;
  readonly key: string;
  /** The stages that its inputs name. */
  readonly needs: readonly Stage[];
  /** How progress calls it; no part of the key. */
  readonly label: string;
}

/** A kind's inputs as they are handed over: where they name a source, the source itself. */
export type InputsOf<I> = { readonly [K in keyof I]: Ref extends I[K] ? Source | Exclude<I[K], Ref> : I[K] };

/** What describes stages of one kind. @throws LabError that names an input that the kind does not take */
export type StageMaker<I, R> = StageKind<R> & { stage(inputs: InputsOf<I>, label?: string): Stage<R> };

/** Defines a kind of stage. */
export function defineStage<I, R>(definition: StageDefinition<I, R>): StageMaker<I, R> {
  const { kind, version, inputs, result, run, scraps, asks } = definition;
  const own: StageKind<R> = {
    kind,
    version,
    ...(scraps === undefined ? {} : { scraps }),
    asks: (given) => asks?.(inputs.parse(given)) ?? {},
    check: (given) => {
      const subject = `the inputs of "${kind}"`;
      return jsonGroup.parse(checkConfig(toJson(given, subject), inputs, subject));
    },
    parse: (value) => result.parse(value),
    run: (given, bench) => run(inputs.parse(given), bench),
  };
  return { ...own, stage: (given, label = kind) => describe(own, given, label) };
}

const jsonGroup: z.ZodType<Inputs> = z.record(z.string(), z.json());

function describe<R>(kind: StageKind<R>, given: object, label: string): Stage<R> {
  const { plain, needs } = separate(given);
  return stageFrom(kind, plain, label, needs);
}

/**
 * The stage with other inputs: groups are merged key by key, sources and values replaced.
 * @throws LabError that names a key that there is not, with what may have been meant
 */
export function withInputs<R>(stage: Stage<R>, changes: object, label = stage.label): Stage<R> {
  const { plain, needs } = separate(changes);
  const inputs = merge(stage.inputs, plain);
  const named = new Set(refsIn(isGroup(inputs) ? inputs : {}).map(({ key }) => key));
  const kept = [...stage.needs, ...needs].filter(({ key }) => named.has(key));
  return stageFrom(stage.kind, inputs, label, kept);
}

/** A stage from its inputs as JSON. Where `needs` is left out, the stages that it names must be in the store. */
export function stageFrom<R>(
  kind: StageKind<R>,
  json: unknown,
  label = kind.kind,
  needs: readonly Stage[] = [],
): Stage<R> {
  const inputs = kind.check(json);
  return { kind, inputs, key: keyOf({ kind: kind.kind, version: kind.version, inputs }), needs, label };
}

/** Inputs as JSON, and the stages among them. */
function separate(given: object): { plain: Record<string, unknown>; needs: Stage[] } {
  const needs: Stage[] = [];
  const entries = Object.entries(given).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (!isStage(value)) return [[name, value]];
    needs.push(value);
    return [[name, { stage: value.kind.kind, key: value.key }]];
  });
  return { plain: Object.fromEntries(entries) as Record<string, unknown>, needs };
}

/** A stage as the store keeps it. */
export function workOf({ kind, inputs }: Stage): Work {
  return { kind: kind.kind, version: kind.version, inputs };
}

/** Every stage of a graph once, each after those that it needs. */
export function inOrder(stages: readonly Stage[]): Stage[] {
  const known = new Map<string, Stage>();
  const visit = (stage: Stage): void => {
    if (known.has(stage.key)) return;
    stage.needs.forEach(visit);
    known.set(stage.key, stage);
  };
  stages.forEach(visit);
  return [...known.values()];
}

/** Makes sure that the given models of some stages can do what is asked of them. @throws LabError that names what one cannot do */
export function requireAble(stages: readonly Stage[]): void {
  for (const { kind, inputs } of stages) {
    for (const [name, needs] of Object.entries(kind.asks(inputs))) {
      const ref = givenSchema.safeParse(inputs[name]);
      if (needs !== undefined && ref.success && ref.data.given === "checkpoint") requireCan(ref.data.at, needs);
    }
  }
}

/** The stages that inputs name. */
export function refsIn(inputs: object): StageRef[] {
  return Object.values(inputs).flatMap((value) => {
    const ref = stageRefSchema.safeParse(value);
    return ref.success ? [ref.data] : [];
  });
}

function isStage(value: unknown): value is Stage {
  return typeof value === "object" && value !== null && "needs" in value && "kind" in value;
}

/** Merges groups key by key; a reference, a list or a value takes the place of what was there. */
function merge(before: unknown, changes: unknown): unknown {
  if (!isGroup(before) || !isGroup(changes)) return changes;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(changes)])];
  return Object.fromEntries(keys.map((key) => [key, key in changes ? merge(before[key], changes[key]) : before[key]]));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  const plain = typeof value === "object" && value !== null && !Array.isArray(value);
  return plain && !refSchema.safeParse(value).success;
}
