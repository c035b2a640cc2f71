import * as fs from "node:fs";
import * as path from "node:path";
import { writeFileAtomic, writeFolderAtomic, writeJson } from "../../core/files";
import { QwenModel } from "../../model/qwen/model";
import { chooseAll } from "../../eval/asking";
import type { Score } from "../../eval/intervals";
import { scoreOf } from "../../eval/measure";
import { metricNamed } from "../../eval/metrics";
import { MiniDualEncoder } from "../../model/siglip/dualEncoder";
import { encoderTemplate } from "../../data/prompts";
import { fileFacts, versionsNow } from "../../store/facts";
import type { BaseWork, BuiltBase } from "./build";
import { measureGates, validationItems, type Gate } from "./gates";

/** What a base build says of itself: `card.json`, and as prose the model card beside it. */
export interface BaseCard {
  readonly world: { readonly name: string; readonly digest: string };
  readonly config: BaseWork["config"];
  readonly gates: readonly Gate[];
  /** Closed-world accuracy of the encoder on the same validation pictures. */
  readonly encoder: { readonly seen: Score; readonly unseen: Score };
  readonly seconds: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** Measures a built base, copies it to `out/base` and `out/siglip`, and writes its card. @returns the card as Markdown */
export async function installBase(work: BaseWork, built: BuiltBase, out: string): Promise<string> {
  const gates = await measureBase(work, built.base);
  const encoder = await measureEncoder(work, built.dualEncoder);
  for (const [from, name] of [
    [built.base, "base"],
    [built.dualEncoder, "siglip"],
  ] as const) {
    await writeFolderAtomic(path.join(out, name), (temporary) => {
      fs.cpSync(from, temporary, { recursive: true });
    });
  }
  const weights = ["base", "siglip"].map((name) => path.join(out, name, "model.safetensors"));
  const card: BaseCard = {
    world: { name: work.world.name, digest: work.world.fingerprint },
    config: work.config,
    gates,
    encoder,
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

async function measureEncoder(work: BaseWork, folder: string): Promise<BaseCard["encoder"]> {
  const encoder = MiniDualEncoder.load(folder);
  try {
    const template = encoderTemplate(work.world.wording);
    const answers = await chooseAll(encoder, validationItems(work.world), { template });
    const of = (seen: boolean): Score =>
      scoreOf(
        answers.filter((answer) => answer.seen === seen),
        metricNamed("accuracy"),
        { thinking: false, classes: work.world.subCategories },
      );
    return { seen: of(true), unseen: of(false) };
  } finally {
    encoder.dispose();
  }
}

/** The card as people read it. */
export function cardText(card: BaseCard): string {
  const percent = ({ value, low, high }: Score): string =>
    `${(100 * value).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;
  const bound = (gate: Gate): string =>
    gate.least !== null ? `≥ ${100 * gate.least}` : gate.most !== null ? `≤ ${100 * gate.most}` : "";
  const rows = card.gates.map(
    (gate) =>
      `| ${gate.name} | ${percent(gate.score)} | ${bound(gate)} | ${bound(gate) === "" ? "" : gate.pass ? "yes" : "**no**"} |`,
  );
  const minutes = Object.entries(card.seconds).map(([stage, s]) => `${stage} ${(s / 60).toFixed(1)} min`);
  return `# Mini base model and SigLIP-style encoder

Written by \`fine-r1 base build\`. World ${card.world.name}, digest \`${card.world.digest}\`, seed ${card.config.seed}.
A ${card.config.model.kind} of hidden width ${card.config.model.hiddenSize} and ${card.config.model.layers} layers in the layout of the hub (\`base/\`), and a dual
encoder in a layout of its own (\`siglip/\`). They know made-up classes only and are of no use outside the mini-world.

How they are made: docs/mini-world.md; the settings are in \`card.json\`. Stages: ${minutes.join(", ")}.

Measured on validation pictures of all classes (never on test items), % with 95 % intervals:

| property | value | gate | met |
|---|---|---|---|
${rows.join("\n")}
| encoder, four options, seen classes | ${percent(card.encoder.seen)} | | |
| encoder, four options, unseen classes | ${percent(card.encoder.unseen)} | | |
`;
}
