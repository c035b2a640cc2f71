import * as fs from "node:fs";
import { Option, type Command } from "commander";
import { loadBackend } from "../core/backend";
import { LabError, required } from "../core/errors";
import type { RgbImage } from "../core/image";
import { printable } from "../core/printable";
import { readBytes, writeFileAtomic } from "../core/files";
import { readImage } from "../data/images";
import { encodePng } from "../data/rasters";
import type { BenchmarkItem } from "../data/types";
import { ask } from "../eval/ask";
import { openDataset } from "../lab/datasets";
import { loadProfile, type Profile } from "../lab/profile";
import { requireProportions } from "../model/qwen/imageProcessor";
import { QwenModel } from "../model/qwen/model";
import { speaksMini } from "../lab/vocabulary";
import { chooseModel } from "./askModel";
import { DEFAULT_DOMAIN, fitPicture, questionFor } from "./askQuestion";
import { answerLines, exampleLines } from "./askText";
import { bars } from "./terminal";

interface AskArguments {
  readonly checkpoint?: string;
  readonly profile: string;
  readonly domain?: string;
  readonly question?: string;
  readonly options?: readonly string[];
  readonly think?: boolean;
  readonly example?: string;
}

/** Longest answer of a model that is not of the mini-world, as the release evaluates with. */
const MAX_NEW_TOKENS = 2048;

/** `fine-r1 ask`. */
export function addAskCommand(program: Command): void {
  program
    .command("ask")
    .description("ask a model about your own pictures: its chain of thought, its answer, how sure it is")
    .argument("[pictures...]", "picture files of any size (PNG, JPEG, WebP, TIFF, GIF)")
    .option(
      "--checkpoint <folder>",
      "a model in the hub's layout; default: what the profile's runs trained, else its base",
    )
    .addOption(new Option("-p, --profile <name>", "whose models and world: a file of configs/profiles").default("mini"))
    .option(
      "--domain <word>",
      `what kind of thing is shown, such as bird or car (mini-world default: ${DEFAULT_DOMAIN})`,
    )
    .option("--question <text>", "ask this instead of the usual question")
    .option("--options <names>", "names to choose from, separated by commas; each gets a score", splitNames)
    .option("--think", "reason before answering; default where the model was trained to in a run")
    .option("--no-think", "answer at once")
    .option("--example <file>", "write a picture of the mini-world to this file (PNG) and ask about it")
    .addHelpText(
      "after",
      `
Models of the mini-world know its pictures and words only. To have one to try:

  $ npx fine-r1 ask --example bird.png                        draws bird.png, asks about it, prints its options
  $ npx fine-r1 ask --example car.png --domain car --think
  $ npx fine-r1 ask bird.png --options "name one,name two"     which of these, and how sure
  $ npx fine-r1 ask dog.jpg --checkpoint ../Qwen2.5-VL-3B-Instruct --domain dog --think

A probability is that of the whole name after what the model wrote before it. See docs/commands.md.`,
    )
    .action(askAboutPictures);
}

async function askAboutPictures(files: readonly string[], given: AskArguments): Promise<void> {
  const profile = loadProfile(given.profile);
  const example = given.example === undefined ? undefined : await writeExample(profile, given.example, given.domain);
  const all = given.example === undefined ? files : [...files, given.example];
  if (all.length === 0) {
    throw new LabError("no picture is named", "Give picture files, or draw one: npx fine-r1 ask --example bird.png");
  }
  const pictures = [];
  for (const file of all) pictures.push({ file, picture: await readPicture(file) }); // before a model takes its time to load
  const chosen = await chooseModel(profile, given.checkpoint);
  await loadBackend();
  const model = await QwenModel.load(chosen.folder, { progress: bars });
  try {
    const mini = speaksMini(model.tokenizer);
    const thinking = given.think ?? chosen.thinks;
    const { domain, question, options = [] } = given;
    const asked = questionFor(model, { domain, question, options, thinking });
    const { maxNewTokensThinking, maxNewTokensDirect } = profile.evaluation;
    const maxNewTokens = mini ? (thinking ? maxNewTokensThinking : maxNewTokensDirect) : MAX_NEW_TOKENS;
    const side = mini ? (await firstPicture(profile)).width : undefined;
    console.log(printable(`Model     ${chosen.description}\nQuestion  ${asked.text}`));
    for (const { file, picture } of pictures) {
      const { image, sizes } = fitPicture(picture, model, side);
      const start = performance.now();
      const said = await ask(model, asked.prompt(image), { thinking, options, maxNewTokens });
      const seconds = (performance.now() - start) / 1000;
      console.log(answerLines({ file, sizes, said, seconds, maxNewTokens }).join("\n"));
    }
    if (example !== undefined && given.example !== undefined) {
      console.log(exampleLines(example, given.example, given.profile).join("\n"));
    }
  } finally {
    model.dispose();
  }
}

async function readPicture(file: string): Promise<RgbImage> {
  const picture = await readImage(file);
  requireProportions(picture, file);
  return picture;
}

/** Writes a test picture of an unseen class of the domain. @throws LabError for a domain that there is not, or a file that is there */
async function writeExample(profile: Profile, file: string, domain = DEFAULT_DOMAIN): Promise<BenchmarkItem> {
  const dataset = await openDataset(profile.dataset);
  const domains = [...new Set(dataset.subCategories.map(({ superCategory }) => superCategory))];
  const item = required(
    dataset.test("unseen").find(({ image }) => image.subCategory.superCategory === domain),
    () => new LabError(`${dataset.name} has no domain "${domain}"`, `Choose one of ${domains.join(", ")}.`),
  );
  const png = await encodePng(await item.image.load());
  if (fs.existsSync(file) && !readBytes(file).equals(png)) {
    throw new LabError("is already there", "Give the example another name.", { subject: file });
  }
  writeFileAtomic(file, png);
  return item;
}

/** A picture as the model was trained on them: those of the mini-world have one size. */
async function firstPicture({ dataset }: Profile): Promise<RgbImage> {
  const { name, train } = await openDataset(dataset);
  return required(train[0], () => new LabError("has no pictures", "Choose another dataset.", { subject: name })).load();
}

function splitNames(text: string): string[] {
  const names = text.split(",").map((name) => name.trim().replace(/\s+/gu, " "));
  if (names.includes("") || new Set(names).size < names.length || names.length < 2) {
    throw new LabError(`"${text}" is no list of options`, 'Give two or more different names: --options "a,b,c"');
  }
  return names;
}
