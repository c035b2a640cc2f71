import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { silent } from "../../src/core/progress";
import { chatServer, type RunningServer } from "./chatServer";
import { echo } from "./script";

/** A profile that names two hosts, while only the plain key is set: docs/served.md says that it is sent to neither. */
let folder = "";
const running: RunningServer[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "second-host-"));
  vi.stubEnv("FINE_R1_API_KEY", "paid");
  vi.resetModules(); // a process that has asked nobody yet
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of running.splice(0)) await server.close();
  fs.rmSync(folder, { recursive: true });
});

const REFUSED = /is not given the key in FINE_R1_API_KEY/u;

/** The profile, read by today's process. */
async function twoHosts() {
  for (let i = 0; i < 2; i++) running.push(await chatServer({ model: echo() }));
  const [labBox, hosted] = running;
  const { loadProfile } = await import("../../src/lab/profile");
  return loadProfile("smoke", { base: `served:${labBox!.url}#tiny`, "cot.teacher": `served:${hosted!.url}#tiny` });
}

const nothingArrived = (): void => {
  expect(running.map(({ arrived }) => arrived)).toEqual([[], []]);
};

it("has the key sent to neither, not even to the first, when its lab is opened", async () => {
  const profile = await twoHosts();
  const { labOf } = await import("../../src/lab/lab");
  await expect(labOf(profile, { progress: silent, store: folder })).rejects.toThrow(REFUSED);
  await labOf(profile, { progress: silent, store: folder, models: "there" }); // told of when something is asked
  nothingArrived();
});

it("nor when it is looked up what is lacking for methods that ask one of them alone", async () => {
  const profile = await twoHosts();
  const { lackingFor } = await import("../../src/lab/lacking");
  const { quickstart } = await import("../../src/experiments/quickstart");
  const lacking = await lackingFor(profile, [quickstart], { only: ["base"], store: folder });
  expect(lacking).toEqual([expect.objectContaining({ key: "base", get: expect.stringMatching(REFUSED) as string })]);
  nothingArrived();
});

it("nor when the chains of its teacher are made for another trainer", async () => {
  const profile = await twoHosts();
  const { chainsFor } = await import("../../src/lab/trainers/sources");
  const source = { profile, seed: 1, context: { store: folder, progress: silent }, make: true, words: "" };
  await expect(chainsFor(source)).rejects.toThrow(REFUSED);
  nothingArrived();
});
