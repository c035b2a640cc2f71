import * as tf from "@tensorflow/tfjs-core";
import type { HeadLayout, RotaryTables } from "./rotary";

/** Score of what must not be seen; finite, so that rows that see nothing stay finite. */
export const UNSEEN = -1e9;

/** A sequence within which tokens attend, as rows of the M tokens of a pass. */
export interface Span {
  readonly queries: readonly number[];
  /** What they may see: all of it, or, of causal attention, query i what precedes the last n keys and i + 1 of these. */
  readonly keys: readonly number[];
  /** Keys of a cache that are seen before these. */
  readonly past?: number;
}

/** Spans of like length side by side, S of them padded to n queries and T keys. */
export interface AttentionGroup {
  /** [S, kvHeads, g·n] head m of token i as row i·(heads + 2 kvHeads) + m; queries that share a key-value head side by side */
  readonly queries: tf.Tensor;
  /** [S, kvHeads, T], right-aligned */
  readonly keys: tf.Tensor;
  readonly values: tf.Tensor;
  /** [S, kvHeads, g·n] the way back: head m of kept row r as r·heads + m, or behind all of them for padding */
  readonly origin: tf.Tensor;
  /** Added to the scores, [S or 1, 1, g·n, past + T]; absent where all see all. */
  readonly bias?: tf.Tensor;
}

/** Who attends to whom among M tokens, as tables of row numbers: padding exists within attention only. */
export interface AttentionPlan {
  readonly groups: readonly AttentionGroup[];
  /** [M', heads] where each kept row's heads stand in the groups' outputs, laid end to end */
  readonly merge: tf.Tensor;
  /** [M, heads + 2 kvHeads] where the gradient of each head stands among those of all groups' queries, keys and values */
  readonly heads: tf.Tensor;
  /** Keys that several spans read: where the other gradients stand, and which head they belong to, of how many. */
  readonly shared?: { readonly from: tf.Tensor; readonly to: tf.Tensor; readonly count: tf.Tensor };
  /** [M'] the rows that have queries, of M; absent where all have. */
  readonly kept?: { readonly rows: tf.Tensor; readonly count: tf.Tensor };
}

/** How tokens attend in a block. */
export interface AttentionGeometry {
  readonly layout: HeadLayout;
  readonly rotary: RotaryTables;
  readonly plan: AttentionPlan;
}

/**
 * Tables for spans in groups, whose rows are numbers below `tokens`.
 * @param pastColumns keys of a cache in front of each span's own
 */
export function attentionPlan(
  groups: readonly (readonly Span[])[],
  tokens: number,
  layout: HeadLayout,
  { causal, pastColumns = 0 }: { readonly causal: boolean; readonly pastColumns?: number },
): AttentionPlan {
  const back = placesOf(groups, tokens);
  const kept = back.reduce((count, place) => Math.max(count, place + 1), 0);
  const tables = new Tables(tokens, kept, layout);
  const made = groups.map((spans) => ({ ...tables.add(spans, back), ...biasOf(spans, layout, causal, pastColumns) }));
  const plan = { groups: made, ...tables.finish() };
  if (kept === tokens) return plan;
  const rows = new Int32Array(kept);
  back.forEach((place, row) => {
    if (place >= 0) rows[place] = row;
  });
  return { ...plan, kept: { rows: table(rows, [kept]), count: tf.scalar(tokens, "int32") } };
}

/** [M] the place of each row among those that have queries; -1 for the others. */
function placesOf(groups: readonly (readonly Span[])[], tokens: number): Int32Array {
  const places = new Int32Array(tokens).fill(-1);
  for (const { queries } of groups.flat()) for (const row of queries) places[row] = 0;
  let next = 0;
  for (let row = 0; row < tokens; row++) if (places[row] === 0) places[row] = next++;
  return places;
}

/** Collects where heads go in the groups' queries, keys and values, and the ways back. */
class Tables {
  private readonly all: number;
  private readonly merge: Int32Array;
  private readonly heads: Int32Array;
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private attended = 0;
  private placed = 0;

  constructor(
    private readonly tokens: number,
    private readonly kept: number,
    private readonly layout: HeadLayout,
  ) {
    this.all = layout.heads + 2 * layout.kvHeads;
    this.merge = new Int32Array(kept * layout.heads);
    this.heads = new Int32Array(tokens * this.all).fill(-1);
  }

  add(spans: readonly Span[], back: Int32Array): Omit<AttentionGroup, "bias"> {
    const { heads, kvHeads } = this.layout;
    const group = heads / kvHeads;
    const [n, T] = [longest(spans, "queries"), longest(spans, "keys")];
    const queries = new Int32Array(spans.length * heads * n);
    const origin = new Int32Array(queries.length).fill(this.kept * heads);
    const [keys, values] = [new Int32Array(spans.length * kvHeads * T), new Int32Array(spans.length * kvHeads * T)];
    const [keysFrom, valuesFrom] = [this.placed + queries.length, this.placed + queries.length + keys.length];
    spans.forEach((span, s) => {
      for (let head = 0; head < heads; head++) {
        const start = (s * heads + head) * n;
        span.queries.forEach((row, i) => {
          const place = back[row] as number;
          queries[start + i] = row * this.all + head;
          origin[start + i] = place * heads + head;
          this.merge[place * heads + head] = this.attended + start + i;
          this.heads[row * this.all + head] = this.placed + start + i;
        });
      }
      for (let head = 0; head < kvHeads; head++) {
        const start = (s * kvHeads + head) * T + T - span.keys.length;
        span.keys.forEach((row, j) => {
          const own = row * this.all + heads + head;
          keys[start + j] = own;
          values[start + j] = own + kvHeads;
          this.claim(own, keysFrom + start + j);
          this.claim(own + kvHeads, valuesFrom + start + j);
        });
      }
    });
    this.attended += queries.length;
    this.placed = valuesFrom + values.length;
    const [byQuery, byKey] = [
      [spans.length, kvHeads, group * n],
      [spans.length, kvHeads, T],
    ];
    return {
      queries: table(queries, byQuery),
      keys: table(keys, byKey),
      values: table(values, byKey),
      origin: table(origin, byQuery),
    };
  }

  finish(): Pick<AttentionPlan, "merge" | "heads" | "shared"> {
    const { heads: count } = this.layout;
    const tables = {
      merge: table(this.merge, [this.kept, count]),
      heads: table(
        this.heads.map((place) => (place < 0 ? this.placed : place)),
        [this.tokens, this.all],
      ),
    };
    if (this.from.length === 0) return tables;
    const [from, to] = [table(this.from, [this.from.length]), table(this.to, [this.to.length])];
    return { ...tables, shared: { from, to, count: tf.scalar(this.tokens * this.all, "int32") } };
  }

  /** The first span that reads a key is where its gradient is taken from; what other spans add is listed. */
  private claim(head: number, place: number): void {
    if ((this.heads[head] as number) < 0) this.heads[head] = place;
    else {
      this.from.push(place);
      this.to.push(head);
    }
  }
}

/** [S or 1, 1, g·n, past + T]; nothing where all see all. */
function biasOf(
  spans: readonly Span[],
  { heads, kvHeads }: HeadLayout,
  causal: boolean,
  pastColumns: number,
): { readonly bias?: tf.Tensor } {
  const [n, T] = [longest(spans, "queries"), longest(spans, "keys")];
  const width = pastColumns + T;
  const different = spans.some((span) => shapeOf(span) !== shapeOf(spans[0] as Span));
  const shown = different ? spans : spans.slice(0, 1);
  const size = (heads / kvHeads) * n * width;
  const bias = new Float32Array(shown.length * size);
  shown.forEach(({ queries, keys, past = 0 }, s) => {
    const first = s * size;
    for (let i = 0; i < n; i++) {
      const row = first + i * width;
      bias.fill(UNSEEN, row, row + pastColumns - past);
      bias.fill(UNSEEN, row + pastColumns, row + width - keys.length);
      if (causal && i < queries.length) bias.fill(UNSEEN, row + width - queries.length + i + 1, row + width);
    }
    for (let m = 1; m < heads / kvHeads; m++) bias.copyWithin(first + m * n * width, first, first + n * width);
  });
  if (bias.every((value) => value === 0)) return {};
  return { bias: tf.tensor(bias, [shown.length, 1, (heads / kvHeads) * n, width]) };
}

function shapeOf({ queries, keys, past = 0 }: Span): string {
  return `${queries.length} ${keys.length} ${past}`;
}

function longest(spans: readonly Span[], which: "queries" | "keys"): number {
  return spans.reduce((most, span) => Math.max(most, span[which].length), 0);
}

function table(values: ArrayLike<number>, shape: number[]): tf.Tensor {
  return tf.tensor(Int32Array.from(values), shape, "int32");
}
