import type { Engine } from "../contract";
import type { Found } from "./look";

/** What was found out, and when: plans, stages and models that follow one another need not ask anew. A server may be started otherwise later. */
const found = new Map<string, { readonly by: Promise<Found>; readonly at: number }>();
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
    const [seen, { ServedModel }] = await Promise.all([look(where), import("./model")]);
    return new ServedModel(where, seen, how);
  },
  files: () => [],
};

async function look(where: string): Promise<Found> {
  const before = found.get(where);
  if (before !== undefined && performance.now() - before.at < FRESH_MS) return before.by;
  const by = import("./look").then(({ lookAtServer }) => lookAtServer(where));
  found.set(where, { by, at: performance.now() });
  by.catch(() => found.delete(where));
  return by;
}
