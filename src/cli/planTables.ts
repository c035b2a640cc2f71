import { required } from "../core/errors";
import { costOf, type Cost } from "../lab/plan/time";
import { ASSUMPTIONS, machines, type Machine } from "../lab/plan/assumptions";
import { cacheBytes } from "../lab/plan/flops";
import { sumOf } from "../lab/plan/models";
import type { Plan } from "../lab/plan/plan";
import { grouped, type Work } from "../lab/plan/workOfKinds";
import { numberColumn, resultTable, textColumn, type Column, type ResultTable } from "../report/table/table";

/** A plan as tables; each can be exported. */

/** The models of a plan: what their weights come to, part by part. */
export function modelsTable({ works }: Plan): ResultTable {
  const models = works.flatMap(({ model }) => (model !== undefined && "config" in model ? [model] : []));
  const each = [...new Map(models.map((model) => [model.name, model])).values()];
  return resultTable({
    caption: "Models: parameters in millions",
    columns: [
      textColumn("model", "Model"),
      ...(["tower", "merger", "language", "embeddings"] as const).map((part) => number(part, TITLES[part], 1)),
      number("all", "All", 1),
      number("weights", "Weights (GB)", 1),
      number("cache", "KV cache of 1,000 tokens (MB)", 1),
    ],
    rows: each.map(({ name, parameters, ...size }) => {
      const millions = Object.entries(parameters).map(([part, count]) => [part, count / 1e6] as const);
      const all = sumOf(parameters);
      const cache = (1000 * cacheBytes(size)) / 1e6;
      return { model: name, ...Object.fromEntries(millions), all: all / 1e6, weights: (2 * all) / 1e9, cache };
    }),
    notes: ["Weights and cache as bfloat16, two bytes for a number."],
  });
}

const TITLES = { tower: "Tower", merger: "Merger", language: "Language", embeddings: "Embeddings and head" };

/** What is done, in 10¹⁵ FLOPs. @param took seconds that stages took, where they were made */
export function workTable(plan: Plan, took: (work: Work) => number | undefined = () => undefined): ResultTable {
  const { works, data, unknown, experiment, profile, methods } = plan;
  const seconds = works.map(took);
  const made = seconds.some((time) => time !== undefined);
  const unit = unitOf(
    FLOPS,
    works.flatMap((work) => [work.forward, work.training, work.decoding]),
  );
  const pictures = data.domains.reduce((all, { train, test }) => all + train + test, 0);
  const notHere = data.lacks === undefined ? "here" : `all here (${data.lacks})`;
  return resultTable({
    caption: `What ${experiment} comes to with the profile ${profile.name}: ${methods.join(", ")}`,
    columns: [
      ...[textColumn("stage", "Stage"), textColumn("model", "Model"), textColumn("what", "What")],
      number("prompt", "Tokens before an answer"),
      number("answer", "Tokens of one"),
      ...[
        number("forward", "reading, scoring", 1, unit.name),
        number("training", "training", 1, unit.name),
        number("decoding", "writing", 1, unit.name),
      ],
      ...(made ? [number("seconds", "Seconds it took", 1), number("rate", "10⁹ FLOPs a second", 1)] : []),
    ],
    rows: works.map((work, i) => {
      const { writes, forward, training, decoding } = work;
      const time = seconds[i];
      const measured = time === undefined ? {} : { seconds: time, rate: (forward + training + decoding) / time / 1e9 };
      return {
        ...{ stage: nameOf(work), model: work.model?.name ?? "", what: work.what },
        ...{ prompt: writes === undefined ? null : Math.round(writes.prompt), answer: writes?.answer ?? null },
        ...{ forward: forward / unit.size, training: training / unit.size, decoding: decoding / unit.size },
        ...(made ? measured : {}),
      };
    }),
    notes: [
      `${grouped(pictures)} pictures of ${data.name}, ${data.counted ? "counted where they lie" : `which are not ${notHere}: sizes from configs/plan/sets.yaml`}. A multiplication and an addition are two FLOPs.`,
      ...(unknown.length === 0 ? [] : [`Not reckoned: ${unknown.join("; ")}.`]),
    ],
  });
}

/** Tables of a mini-world's plan would hold noughts in the paper's units: numbers are shown in the unit of the largest. */
interface Unit {
  readonly name: string;
  readonly size: number;
}
const FLOPS: readonly Unit[] = [
  { name: "10¹⁵ FLOPs", size: 1e15 },
  { name: "10¹² FLOPs", size: 1e12 },
  { name: "10⁹ FLOPs", size: 1e9 },
];
const TIMES: readonly Unit[] = [
  { name: "hours", size: 3600 },
  { name: "minutes", size: 60 },
  { name: "seconds", size: 1 },
];

/** The largest unit that there is at least one of. */
function unitOf(units: readonly Unit[], values: readonly number[]): Unit {
  const largest = Math.max(0, ...values);
  return required(units.find(({ size }) => largest >= size) ?? units.at(-1), () => new RangeError("unitOf: no units"));
}

/** Hours and memory of every stage on so many GPUs of one kind. */
export function timeTable({ works, assumed }: Plan, machine: Machine, counts: readonly number[]): ResultTable {
  const costs = works.map((work) => counts.map((gpus) => costOf(work, machine, gpus, assumed)));
  const unit = unitOf(
    TIMES,
    costs.flat().map(({ seconds }) => seconds),
  );
  const column = (gpus: number, i: number): Column[] => [
    number(`time${i}`, unit.name, 2, `${gpus} × ${machine.name}`),
    number(`memory${i}`, "GB each", 1, `${gpus} × ${machine.name}`),
  ];
  const row = (stage: string, own: readonly Cost[]) => ({
    stage,
    ...Object.fromEntries(
      own.flatMap(({ seconds, memory, fits }, i) => [
        [`time${i}`, fits ? seconds / unit.size : null],
        [`memory${i}`, fits ? memory / 1e9 : { value: memory / 1e9, mark: "†" }],
      ]),
    ),
  });
  return resultTable({
    caption: `Time and memory on ${machine.name} (${machine.teraflops} · 10¹² FLOPs/s, ${grouped(machine.bandwidth)} GB/s, ${machine.memory} GB)`,
    columns: [textColumn("stage", "Stage"), ...counts.flatMap(column)],
    rows: [
      ...works.map((work, i) => row(nameOf(work), costs[i] ?? [])),
      row(
        "all",
        counts.map((_, i) => totalOf(costs.flatMap((own) => own[i] ?? []))),
      ),
    ],
    marks: { "†": "more than there is: the stage does not fit" },
    notes: [
      `Products at ${percent(assumed.efficiency)} of their peak, memory at ${percent(assumed.bandwidth)} of its bandwidth; one stage after the other. Memory: the least that a stage needs; what is left holds more answers side by side.`,
    ],
  });
}

/** Stages one after the other: their times, and the largest memory. */
function totalOf(costs: readonly Cost[]): Cost {
  return {
    seconds: costs.reduce((sum, { seconds }) => sum + seconds, 0),
    memory: Math.max(0, ...costs.map(({ memory }) => memory)),
    fits: costs.every(({ fits }) => fits),
  };
}

/** What all of it takes on every kind of GPU. @param prices of an hour of a GPU, by its name; nobody else's are known */
export function costTable(
  { works, assumed }: Plan,
  counts: readonly number[],
  prices: ReadonlyMap<string, number> = new Map(),
): ResultTable {
  const priced = prices.size > 0;
  const all = machines().map((machine) => ({
    machine,
    totals: counts.map((gpus) => totalOf(works.map((work) => costOf(work, machine, gpus, assumed)))),
  }));
  const unit = unitOf(
    TIMES,
    all.flatMap(({ totals }) => totals.map(({ seconds }) => seconds)),
  );
  const rows = all.map(({ machine, totals }) => {
    const price = prices.get(machine.name);
    const cells = totals.flatMap(({ seconds, fits }, i) => {
      const gpuHours = fits ? ((counts[i] ?? 0) * seconds) / 3600 : null;
      return [
        [`time${i}`, fits ? seconds / unit.size : null],
        [`gpuHours${i}`, gpuHours],
        ...(priced ? [[`cost${i}`, gpuHours === null || price === undefined ? null : gpuHours * price] as const] : []),
      ] as const;
    });
    return { gpu: machine.name, ...Object.fromEntries(cells) };
  });
  return resultTable({
    caption: "All of it: time, and hours times GPUs",
    columns: [
      textColumn("gpu", "GPU"),
      ...counts.flatMap((gpus, i) => {
        const group = gpus === 1 ? "1 GPU" : `${gpus} GPUs`;
        const cost = priced ? [number(`cost${i}`, "cost", 0, group)] : [];
        const hours = number(`gpuHours${i}`, "GPU hours", unit.size === 3600 ? 1 : 4, group);
        return [number(`time${i}`, unit.name, 1, group), hours, ...cost];
      }),
    ],
    rows,
    notes: [
      "No number: a stage does not fit. Cost: GPU hours times the price that was given; every stage is charged for all GPUs.",
    ],
  });
}

/** What was assumed, and why. */
export function assumptionsTable({ assumed }: Pick<Plan, "assumed">): ResultTable {
  return resultTable({
    caption: "Assumed: --assume name=value takes another value",
    columns: [textColumn("name", "Name"), number("value", "Value", 2), textColumn("meaning", "What it is")],
    rows: Object.entries(ASSUMPTIONS).map(([name, [, meaning]]) => ({
      ...{ name, value: assumed[name as keyof typeof ASSUMPTIONS], meaning },
    })),
  });
}

function nameOf({ stage: { kind, label } }: Work): string {
  return label === kind.kind ? label : `${kind.kind}: ${label}`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** With 0 digits unless said. */
function number(key: string, title: string, digits = 0, group?: string): Column {
  return numberColumn(key, title, { digits, positive: "or 0", ...(group === undefined ? {} : { group }) });
}
