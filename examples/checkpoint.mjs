// Load a checkpoint in the hub's layout: config.json, model.safetensors (or shards), tokenizer.json, preprocessor_config.json.
//
//   node examples/checkpoint.mjs [folder]      such as a download of Qwen/Qwen2.5-VL-3B-Instruct; default: the smoke base
import * as path from "node:path";
import * as fr from "../dist/index.js";

const folder = process.argv[2] ?? path.join(fr.config.ROOT, "assets", "smoke", "base");

// The config says what the weights must look like; a key that would change the result and is not supported is refused.
const config = fr.model.readQwenConfig(folder);
console.log(config.kind, "with", config.text.layers, "layers of width", config.text.hiddenSize);

// A header can be read without its tensors.
const file = fr.core.openSafetensors(path.join(folder, "model.safetensors"));
for (const [name, { dtype, shape }] of [...file.tensors].slice(0, 3)) console.log(name, dtype, shape.join(" × "));
file.close();

await fr.loadBackend();
const model = await fr.model.QwenModel.load(folder);
const weights = [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0);
console.log(weights.toLocaleString("en"), "weights in", model.parameters.size, "tensors");

// The same text as tokens and back.
const text = "<think> analysis red";
console.log(model.encodeCompletion(text).join(" "), "←", text);
model.dispose();
