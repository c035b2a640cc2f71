import { createHash } from "node:crypto";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { ROOT } from "../../config/load";
import { loadWorldConfig } from "../../miniworld/config";
import { loadBackend } from "../../core/backend";
import { Random } from "../../core/random";
import { buildMiniWorld } from "../../miniworld/world";
import { processImage } from "../../model/qwen/imageProcessor";
import { ops } from "../../model/tensor/ops";
import { tinySteps } from "./tinySteps";

/** What this machine's arithmetic comes to: the same digest, the same digits in every table. */
export interface NumericsDigest {
  readonly digest: string;
  /** The digests of its parts, which tell where two machines differ. */
  readonly parts: Readonly<Record<string, string>>;
}

let taken: Promise<NumericsDigest> | undefined;

/**
 * Hashes products of the mini model's shapes, every element-wise kernel that the library uses, a picture of the
 * mini-world, and the weights of a tiny model after SFT and after TAPO. Takes some seconds, once a process.
 */
export function numericsDigest(): Promise<NumericsDigest> {
  return (taken ??= take());
}

async function take(): Promise<NumericsDigest> {
  const { canTrain } = await loadBackend();
  const parts = {
    products: hashTensors(products),
    picture: await hashPicture(),
    // an engine that cannot train has not all of the kernels
    ...(canTrain ? { elementwise: hashTensors(elementwise), ...(await hashSteps()) } : {}),
  };
  return { digest: hash([Buffer.from(JSON.stringify(parts))]), parts };
}

/** In one line, for people and for scripts that compare. */
export function formatDigest({ digest, parts }: NumericsDigest): string {
  const named = Object.entries(parts).map(([name, part]) => `${name} ${part}`);
  return `${digest} (${named.join(", ")})`;
}

/** The first eight hexadecimal digits of the SHA-256. */
function hash(chunks: readonly ArrayBufferView[]): string {
  const sum = createHash("sha256");
  for (const chunk of chunks) sum.update(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  return sum.digest("hex").slice(0, 8);
}

function hashTensors(make: () => readonly tf.Tensor[]): string {
  return tf.tidy(() => hash(make().map((tensor) => tensor.dataSync())));
}

async function hashSteps(): Promise<Record<"sft" | "tapo", string>> {
  const { sft, tapo } = await tinySteps();
  return { sft: hash(sft), tapo: hash(tapo) };
}

/** Numbers in [−3, 3), always the same. */
function numbers(shape: readonly number[], name: string): tf.Tensor {
  const random = new Random(`numerics/${name}/${shape.join()}`);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.uniform(-3, 3)),
    [...shape],
  );
}

/** Rows of a decoding step, of a micro-batch's answers and of its pictures. */
const ROWS = [20, 320, 1536];
/** Input and output width of the linear maps of the shipped base: language model, head, vision tower, merger. */
const MAPS = [
  [128, 256],
  [352, 128],
  [128, 498],
  [1176, 96],
  [384, 384],
] as const;
/** [sequences · heads, tokens, width of a head]: decoding, answers, a tower's windows. */
const ATTENTIONS = [
  [40, 2, 32],
  [16, 140, 32],
  [48, 64, 32],
] as const;

/** Each map forwards, and back to its input and to its weight; scores, and what they weigh. */
function products(): tf.Tensor[] {
  const o = ops();
  const linear = ROWS.flatMap((m) =>
    MAPS.flatMap(([k, n]) => {
      const [x, weight, dy] = [numbers([m, k], "x"), numbers([n, k], "weight"), numbers([m, n], "dy")];
      return [o.matMul(x, weight, false, true), o.matMul(dy, weight), o.matMul(dy, x, true, false)];
    }),
  );
  const attended = ATTENTIONS.flatMap(([heads, tokens, width]) => {
    const [queries, keys] = [numbers([heads, tokens, width], "queries"), numbers([heads, 100, width], "keys")];
    const scores = o.batchMatMul(queries, keys, false, true);
    return [scores, o.batchMatMul(scores, keys), o.batchMatMul(queries, scores, true, false)];
  });
  return [...linear, ...attended];
}

/** Every kernel but products that the model, the losses and the optimiser use. */
function elementwise(): tf.Tensor[] {
  const o = ops();
  const x = numbers([480, 498], "elements");
  const y = numbers([480, 498], "others");
  const positive = tf.add(tf.abs(x), 0.01);
  const rows = tf.tensor1d(
    Int32Array.from({ length: 480 }, (_, i) => (i * 7) % 32),
    "int32",
  );
  return [
    o.add(x, y),
    o.sub(x, y),
    o.mul(x, y),
    o.affine(x, 1.702, 0.5),
    o.square(x),
    o.inverseRoot(positive),
    o.sigmoid(x),
    o.exp(x),
    o.erf(x),
    o.sum(x, 1, true),
    o.sum(x, 0, false),
    o.mean(x, 1, true),
    o.softmax(x),
    o.logSoftmax(x),
    o.scatterAdd(x, rows, tf.scalar(32, "int32")),
    tf.div(x, positive),
    tf.sqrt(positive),
    tf.softplus(x),
    tf.maximum(x, y),
    tf.minimum(x, y),
    tf.clipByValue(x, -1, 1),
    tf.logSumExp(x, 1),
    tf.sum(x),
    tf.addN([x, y, positive]),
    tf.topk(x, 256, true).values,
  ];
}

/** A drawing of the mini-world, and what the image processor makes of it at another size. */
async function hashPicture(): Promise<string> {
  const world = buildMiniWorld(loadWorldConfig(path.join(ROOT, "configs", "worlds", "smoke.yaml")));
  const image = await world.freePicture(0).load();
  const { pixelValues } = processImage({ width: image.width, height: image.height, data: image.data });
  return hash([image.data, pixelValues]);
}
