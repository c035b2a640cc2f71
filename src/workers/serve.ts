import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../core/backend";
import { LabError, required } from "../core/errors";
import type { Replicable } from "./job";
import { hasVectors, sentError, SHARED_DESCRIPTOR, variablesByName } from "./protocol";
import type { Copy, FromWorker, ToWorker, Trade } from "./protocol";
import { SharedMemory } from "./sharedMemory";

type Order = Extract<ToWorker, { job: string }>;

/** What a worker process does: takes jobs until the process that started it has gone. */
export async function serve(trade: Trade): Promise<void> {
  process.once("disconnect", () => process.exit(0)); // the other one ended or was killed
  const memory = new SharedMemory(SHARED_DESCRIPTOR);
  const models = new Map<number, Copy>();
  const running = new Map<number, AbortController>();
  process.on("message", (message: ToWorker) => {
    if ("cancel" in message) running.get(message.cancel)?.abort();
    else if ("forget" in message) {
      models.get(message.forget)?.dispose();
      models.delete(message.forget);
    } else void answer(message);
  });
  await loadBackend();
  send({ ready: true });

  async function answer(order: Order): Promise<void> {
    const { id } = order;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const result = await work(order, controller.signal);
      if (!hasVectors(result)) send({ id, result });
      else {
        const { vectors, ...rest } = result;
        let offset = 0;
        for (const vector of vectors) {
          memory.write(order.region, offset, vector);
          offset += vector.length;
        }
        send({ id, result: rest, lengths: vectors.map(({ length }) => length) });
      }
    } catch (error) {
      send({ id, error: sentError(error) });
    } finally {
      running.delete(id);
    }
  }

  function work({ job: name, model: number, weights, make, stale, data }: Order, signal: AbortSignal): unknown {
    const job = required(
      trade.jobs.find((each) => each.name === name),
      () => new LabError(`does not know the work "${name}"`, "Run `npm run build`.", { subject: "dist/worker.js" }),
    );
    const model = required(models.get(number) ?? makeModel(number, make), () => new RangeError("serve: no such model"));
    const variables = variablesByName(model);
    for (const { index, offset } of stale) {
      const variable = variables[index] as tf.Variable;
      const value = tf.tensor(memory.read(weights, offset, variable.size), variable.shape, "float32");
      variable.assign(value);
      value.dispose();
    }
    return job.run(model as never, data as never, signal);
  }

  function makeModel(number: number, make: Replicable["replica"] | undefined): Copy | undefined {
    const kind = trade.replicas.find((each) => each.kind === make?.kind);
    const made = kind?.make(make?.about as never);
    if (made !== undefined) models.set(number, made);
    return made;
  }
}

function send(message: FromWorker): void {
  process.send?.(message);
}
