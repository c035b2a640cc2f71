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
    return { title: "Fetch its conversion to ONNX", commands: [downloadLine(onnx.hub, folder, { onnx: true })] };
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

/** The line that downloads a model into a folder; of a conversion to ONNX the two towers, without the other precisions that lie beside them. */
export function downloadLine(
  hub: string,
  folder: string,
  { revision, onnx = false }: { readonly revision?: string; readonly onnx?: boolean } = {},
): string {
  const at = revision === undefined ? "" : `--revision ${revision}`;
  const files = onnx ? `--include "*.json" "onnx/text_model.onnx*" "onnx/vision_model.onnx*"` : "";
  return words(`hf download ${hub}`, at, files, `--local-dir ${folder}`);
}

const PORT = 8000;

/**
 * The line that serves a model with vLLM; docs/paper-scale.md says what each flag is for. Pictures are bounded as the release bounds them, where the
 * processor is Qwen's, which alone takes `max_pixels`: a photograph of 12 megapixels would be more tokens than the server reads.
 * @param more.pictures most of them in one prompt
 */
export function vllmLine(
  hub: string,
  { flags, pictures, qwen }: { readonly flags: string; readonly pictures: number; readonly qwen: boolean },
): string {
  const bound = qwen ? `--mm-processor-kwargs '{"max_pixels": 1003520}'` : "";
  const shown = `--limit-mm-per-prompt '{"image": ${pictures}}'`;
  return words(`vllm serve ${hub}`, flags, "--generation-config vllm", shown, bound);
}

function serveWay({ name, hub, revision, serve, engines }: ModelConfig): Way {
  const flags = words(`--revision ${revision} --port ${PORT}`, serve?.flags ?? "");
  const start =
    serve?.program === "tgi"
      ? `text-generation-launcher --model-id ${hub} ${flags}`
      : vllmLine(hub, { flags, pictures: 1, qwen: engines.includes("qwen") });
  return {
    title: "Serve it on a machine that has room for it, and say where",
    commands: [start, `export ${serverVariable(name)}=http://localhost:${PORT}/v1`],
  };
}

function folderWay(config: ModelConfig): Way {
  const { hub, revision } = config;
  return {
    title: "Or fetch it, and it runs in this process",
    commands: [downloadLine(hub, placeOf(modelFolder(config)), { revision })],
  };
}

function words(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}
