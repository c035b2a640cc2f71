import type { Engine } from "../contract";
import type { Found } from "./look";

interface Finding {
  readonly by: Promise<Found>;
  readonly at: number;
  /** Whose end ends it. */
  readonly signal: AbortSignal | undefined;
  done: boolean;
}

/** What was found out, and when: plans, stages and models that follow one another need not ask anew. A server may be started otherwise later. */
const found = new Map<string, Finding>();
const FRESH_MS = 10_000;

/**
 * A model behind an OpenAI-compatible server: "served:http://127.0.0.1:8000/v1#MODEL". What it can do differs from server to server: `look`
 * finds out. Nothing of it is loaded by those who ask no server.
 */
export const served: Engine = {
  name: "served",
  can: ["generate", "goOn", "score", "hiddenStates"],
  takes: "name",
  look,
  open: async (where, how) => {
    const [seen, { ServedModel }] = await Promise.all([look(where, how?.signal), import("./model")]);
    return new ServedModel(where, seen, how);
  },
  files: () => [],
};

async function look(where: string, signal?: AbortSignal): Promise<Found> {
  const before = found.get(where);
  // one under way is another's to stop where its signal is another
  const shared = before !== undefined && (before.done || before.signal === signal);
  if (shared && performance.now() - before.at < FRESH_MS) return before.by;
  const by = import("./look").then(({ lookAtServer }) => lookAtServer(where, signal));
  const finding: Finding = { by, at: performance.now(), signal, done: false };
  found.set(where, finding);
  by.then(
    () => (finding.done = true),
    () => found.get(where) === finding && found.delete(where),
  );
  return by;
}
