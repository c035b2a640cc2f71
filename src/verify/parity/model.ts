import { loadBackend } from "../../core/backend";
import { modelParity } from "../../model/qwen/parity";
import { parityRow, type ParityRow } from "./rows";

/**
 * Compares logits, hidden states, loss, gradients and position ids with a folder in the format of
 * `golden/qwen2_5_vl_tiny`: a checkpoint of the real transformers beside what it computed (`expected.json`,
 * `expected.safetensors`).
 * @throws LabError naming the file that is missing or not of that shape
 */
export async function parityModel(folder: string): Promise<ParityRow[]> {
  await loadBackend();
  return modelParity(folder).map(({ figure, error, tolerance }) => parityRow(figure, error, tolerance));
}
