import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { baseModel, namedModel } from "../../../src/lab/trainers/model";

const home = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-model-"));
const checkpoint = path.join(home, "Qwen2.5-VL-7B-Instruct");
fs.mkdirSync(checkpoint);
fs.writeFileSync(path.join(checkpoint, "config.json"), "{}");
afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

it("is the profile's base: its folder where it is there, else its name on the hub", () => {
  expect(baseModel({ base: checkpoint })).toEqual({ model: checkpoint, from: "folder" });
  const hub = { model: "Qwen/Qwen2.5-VL-7B-Instruct", from: "hub" };
  expect(baseModel({ base: "not/there/Qwen2.5-VL-7B-Instruct" })).toEqual(hub);
  expect(() => baseModel({ base: "not/there/base" })).toThrow(/not\/there\/base: is not there.* --model/u);
});

it("is what is named: a folder by its whole path, a name of the hub, and nothing else", () => {
  expect(namedModel(path.relative("", checkpoint))).toEqual({ model: checkpoint, from: "folder" });
  expect(namedModel("Qwen/Qwen2-VL-2B-Instruct")).toEqual({ model: "Qwen/Qwen2-VL-2B-Instruct", from: "hub" });
  expect(() => namedModel("exports/stage1/modle")).toThrow(/--model exports\/stage1\/modle: is neither a folder nor/u);
  expect(() => namedModel(home)).toThrow(/holds no checkpoint \(config\.json\)/u); // such as verl's parts of one
});
