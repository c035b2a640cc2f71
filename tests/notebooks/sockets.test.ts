import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { ROOT } from "./harness";

const folder = mkdtempSync("/tmp/fine-r1-sockets-"); // an address of a socket is short

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/**
 * Jupyter asks a kernel before it listens, over and over, so that now and then a message comes while the socket is being bound. zeromq
 * then ends the loop that receives, with "blocked by a bind or unbind operation": in many of 300 times, where `receiveWhenBound` is not called.
 * A process of its own, since the mend changes what a socket is.
 */
const SCRIPT = `
const zmq = require("zeromq");
const { receiveWhenBound } = require("./scripts/lib/sockets.cjs");
async function heard(address) {
  const client = new zmq.Dealer({ reconnectInterval: 1, linger: 0 });
  client.connect(address);
  for (let i = 0; i < 5; i++) void client.send(String(i));
  await new Promise((go) => setTimeout(go, 10));
  const socket = new zmq.Router();
  const messages = [];
  const all = (async () => {
    for await (const [, message] of socket) if (messages.push(String(message)) === 5) return;
  })().catch((error) => messages.push(error.message));
  const binding = socket.bind(address);
  receiveWhenBound(socket, binding);
  await binding;
  await all;
  socket.close();
  client.close();
  return messages.join(" ");
}
(async () => {
  const found = {};
  for (let i = 0; i < 300; i++) {
    const words = await heard("ipc://" + process.argv[1] + "/" + i);
    found[words] = (found[words] ?? 0) + 1;
  }
  console.log(JSON.stringify(found));
})();`;

it("hears all that comes while a socket is being bound", () => {
  const printed = execFileSync(process.execPath, ["-e", SCRIPT, folder], { cwd: path.resolve(ROOT), encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual({ "0 1 2 3 4": 300 });
});
