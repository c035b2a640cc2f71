import * as fs from "node:fs";
import * as path from "node:path";
import { placeOf } from "../../config/places";
import { LabError } from "../../core/errors";
import { readText, writeFileAtomic, writeJson } from "../../core/files";
import { isFolder } from "../../core/folders";
import { sweepLeftovers } from "../../core/leftovers";
import { requireReplaceable, strangerIn, writeModelFolder } from "../../model/qwen/checkpoint";
import { QwenModel } from "../../model/qwen/model";
import type { Score } from "../../eval/intervals";
import { MiniDualEncoder } from "../../model/siglip/dualEncoder";
import { fileFacts, versionsNow } from "../../store/facts";
import type { BaseWork, BuiltBase } from "./build";
import { ENCODERS, type EncoderName } from "./config";
import { encoderGates, measureGates, type Gate } from "./gates";

/** What a base build says of itself: `card.json`, and as prose the model card beside it. */
export interface BaseCard {
  readonly world: { readonly name: string; readonly digest: string };
  readonly config: BaseWork["config"];
  readonly gates: readonly Gate[];
  readonly seconds: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

const WRITTEN_BY = "Written by `fine-r1 base build`";
/** The files beside the folders, by what is to be read in each. */
const CARDS = { "card.json": '"gates"', "README.md": WRITTEN_BY } as const;

/** @throws LabError where a build with this config would replace what no build wrote */
export function requireBaseFolder(out: string, { encoders }: BaseWork["config"]): void {
  requireReplaceable(path.join(out, "base"));
  for (const name of ENCODERS) if (encoders[name] !== null) requireReplaceable(path.join(out, name));
  for (const [name, mark] of Object.entries(CARDS)) {
    const file = path.join(out, name);
    if (!fs.existsSync(file) || readText(file).includes(mark)) continue;
    const remedy = "Choose another folder with --out.";
    throw new LabError("is of no base build, and would be replaced", remedy, { subject: placeOf(file) });
  }
}

/** Clears a folder of what killed builds left, and of nothing else that has such a name: it may be the reader's own. */
export function sweepBaseFolder(out: string): void {
  sweepLeftovers(out, undefined, (left) => {
    const [name = "", kind] = path.basename(left).split(/\.(tmp|old)-\d+$/u);
    if (!isFolder(left)) return kind === "tmp" && Object.hasOwn(CARDS, name);
    return ["base", ...ENCODERS].includes(name) && strangerIn(left) === undefined;
  });
}

/** Measures a built base, copies it and its encoders to folders of `out`, and writes its card. @returns the card as Markdown */
export async function installBase(work: BaseWork, built: BuiltBase, out: string): Promise<string> {
  const gates = await measureBase(work, built.base);
  for (const [name, folder] of built.encoders) gates.push(...(await measureEncoder(work, name, folder)));
  const parts = new Map<string, string>([["base", built.base], ...built.encoders]);
  for (const [name, from] of parts) {
    await writeModelFolder(path.join(out, name), (temporary) => {
      fs.cpSync(from, temporary, { recursive: true });
    });
  }
  const weights = [...parts.keys()].map((name) => path.join(out, name, "model.safetensors"));
  const card: BaseCard = {
    world: { name: work.world.name, digest: work.world.fingerprint },
    config: work.config,
    gates,
    seconds: built.seconds,
    versions: versionsNow(),
    files: fileFacts(weights, out),
  };
  writeJson(path.join(out, "card.json"), card);
  const text = cardText(card);
  writeFileAtomic(path.join(out, "README.md"), text);
  return text;
}

async function measureBase(work: BaseWork, folder: string): Promise<Gate[]> {
  const model = await QwenModel.load(folder, { workers: work.workers });
  try {
    return await measureGates(model, work.world, work.progress);
  } finally {
    model.dispose();
  }
}

async function measureEncoder(work: BaseWork, name: EncoderName, folder: string): Promise<Gate[]> {
  const encoder = MiniDualEncoder.load(folder);
  try {
    return await encoderGates(encoder, name, work.world);
  } finally {
    encoder.dispose();
  }
}

function round(share: number): string {
  return String(Math.round(1000 * share) / 10);
}

/** The card as people read it. */
export function cardText(card: BaseCard): string {
  const percent = ({ value, low, high }: Score): string =>
    `${(100 * value).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  const bound = ({ least, most }: Gate): string =>
    [...(least === null ? [] : [`≥ ${round(least)}`]), ...(most === null ? [] : [`≤ ${round(most)}`])].join(", ");
  const rows = card.gates.map(
    (gate) =>
      `| ${gate.name} | ${percent(gate.score)} | ${bound(gate)} | ${bound(gate) === "" ? "" : gate.pass ? "yes" : "**no**"} |`,
  );
  const minutes = Object.entries(card.seconds).map(([stage, s]) => `${stage} ${(s / 60).toFixed(1)} min`);
  const { kind, hiddenSize, layers } = card.config.model;
  const alone = Object.values(card.config.encoders).every((encoder) => encoder === null);
  const made = `A ${kind} of hidden width ${hiddenSize} and ${layers} layers in the layout of the hub (\`base/\`)`;
  const beside = alone ? ". It knows" : ", and dual\nencoders in a layout of their own. They know";
  return `# ${alone ? "Mini base model" : "Mini base model and its encoders"}

${WRITTEN_BY}. World ${card.world.name}, digest \`${card.world.digest}\`, seed ${card.config.seed}.
${made}${beside} made-up classes only and ${alone ? "is" : "are"} of no use outside the mini-world.

How ${alone ? "it is" : "they are"} made: docs/mini-world.md; the settings are in \`card.json\`. Stages: ${minutes.join(", ")}.

Measured on validation pictures of all classes (never on test items), % with 95 % intervals:

| property | value | gate | met |
|---|---|---|---|
${rows.join("\n")}
`;
}
