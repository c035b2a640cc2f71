import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { readJsonl } from "../core/files";
import { withSafetensors } from "../core/safetensors";
import type { LabelledImage } from "./types";

const parseLine = parserOf(z.object({ id: z.string(), vector: z.array(z.number()).min(1) }));

/**
 * Vectors of pictures that another program computed, by the pictures' ids: a safetensors file with a tensor for each id, or JSONL with
 * `{"id": …, "vector": […]}` a line.
 * @returns what gives a picture's vector. @throws LabError when the file is neither, a picture has none, or two differ in length
 */
export function readEmbeddings(file: string): (image: Pick<LabelledImage, "id">) => Float32Array {
  const vectors = /\.safetensors$/u.test(file) ? fromSafetensors(file) : fromLines(file);
  const [first] = vectors.values();
  return ({ id }) => {
    const vector = vectors.get(id);
    if (vector === undefined) throw lacking(file, `has no vector of "${id}"`);
    // a cosine with it would be no number, and rank classes by chance
    if (!vector.every(Number.isFinite)) throw lacking(file, `has a vector of "${id}" that holds NaN or infinity`);
    if (vector.length !== first?.length) throw lacking(file, `has ${vector.length} numbers for "${id}" and ${first?.length ?? 0} for the first picture`); // prettier-ignore
    return vector;
  };
}

function fromSafetensors(file: string): ReadonlyMap<string, Float32Array> {
  return withSafetensors(
    file,
    (opened) => new Map([...opened.tensors.keys()].map((id) => [id, opened.readFloat32(id)])),
  );
}

function fromLines(file: string): ReadonlyMap<string, Float32Array> {
  const vectors = new Map<string, Float32Array>();
  readJsonl(file, (value) => {
    const { id, vector } = parseLine(value);
    if (vectors.has(id)) throw new Error(`has a second vector of "${id}"`);
    vectors.set(id, Float32Array.from(vector));
  });
  return vectors;
}

function lacking(file: string, reason: string): LabError {
  const remedy = "Write one vector for each training picture, all of one length, by the ids that docs/published-sets.md describes."; // prettier-ignore
  return new LabError(reason, remedy, { subject: file });
}
