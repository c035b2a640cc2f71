import { EventEmitter } from "node:events";
import { expect, it, vi } from "vitest";

/** The thread that takes Ctrl-C, as a command's worker sees it. */
const main = vi.hoisted(() => ({ port: undefined as EventEmitter | undefined }));
vi.mock("node:worker_threads", async (original) => {
  const threads = await original<typeof import("node:worker_threads")>();
  main.port = Object.assign(new EventEmitter(), { postMessage: () => undefined, unref: () => undefined });
  return { ...threads, parentPort: main.port };
});

it("--fresh stays in the command that goes on until what it removes is removed", async () => {
  const { begunAnew, stoppable, stoppedMessage } = await import("../../src/cli/stop");
  const { signal } = stoppable();
  main.port?.emit("message", "stop");
  const again = () => stoppedMessage(signal.reason, ["run", "ratio", "--fresh"])?.split("\n").at(-1);
  expect(again()).toBe("  npx fine-r1 run ratio --fresh"); // what lies there is still that of before
  begunAnew();
  expect(again()).toBe("  npx fine-r1 run ratio");
});
