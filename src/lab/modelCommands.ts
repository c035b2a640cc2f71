import { placeOf } from "../config/places";
import { isEncoderRow, modelFolder, serverVariable, type ModelConfig } from "./modelConfig";

/** A way to have a published model here: what it is, and the commands, to be pasted into a shell. */
export interface Way {
  readonly title: string;
  readonly commands: readonly string[];
}

/** Every way to have a model, the usual one first. */
export function waysTo(config: ModelConfig): Way[] {
  if (isEncoderRow(config)) return [encoderWay(config)];
  const serve = serveWay(config);
  return config.engines.includes("qwen") ? [serve, folderWay(config)] : [serve];
}

function encoderWay(config: ModelConfig): Way {
  const { hub, revision, onnx } = config;
  const folder = placeOf(modelFolder(config));
  if (onnx !== undefined && "hub" in onnx) {
    const files = `--include "*.json" "onnx/text_model.onnx*" "onnx/vision_model.onnx*"`;
    return {
      title: "Fetch its conversion to ONNX",
      commands: [`hf download ${onnx.hub} ${files} --local-dir ${folder}`],
    };
  }
  const flags = onnx?.flags ?? "";
  const packages = flags.includes("--open-clip") ? " open-clip-torch timm torchvision" : "";
  return {
    title: "Export it to ONNX, in a Python environment of your own",
    commands: [
      `pip install torch transformers onnx sentencepiece protobuf${packages}`,
      words("python scripts/export_encoder.py", hub, folder, `--revision ${revision}`, flags),
    ],
  };
}

const PORT = 8000;

function serveWay({ name, hub, revision, serve }: ModelConfig): Way {
  const flags = serve?.flags ?? "";
  const start =
    serve?.program === "tgi"
      ? words(`text-generation-launcher --model-id ${hub} --revision ${revision} --port ${PORT}`, flags)
      : words(`vllm serve ${hub} --revision ${revision} --generation-config vllm --port ${PORT}`, flags);
  return {
    title: "Serve it on a machine that has room for it, and say where",
    commands: [start, `export ${serverVariable(name)}=http://localhost:${PORT}/v1`],
  };
}

function folderWay(config: ModelConfig): Way {
  const { hub, revision } = config;
  return {
    title: "Or fetch it, and it runs in this process",
    commands: [`hf download ${hub} --revision ${revision} --local-dir ${placeOf(modelFolder(config))}`],
  };
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
