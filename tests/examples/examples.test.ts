import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import sharp from "sharp";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** The scripts are documentation: what they print is looked at, so that none of them shows something that is not so. */
const FOLDER = path.resolve("examples");
const SCRIPTS = fs.readdirSync(FOLDER).filter((name) => name.endsWith(".mjs"));
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-examples-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Runs a script as its reader would, but from a folder of its own: none may write into the project. */
function run(name: string, ...args: string[]): string {
  const script = path.join(FOLDER, name);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("the examples", () => {
  it("are short, and the README has a row with the command of each", () => {
    const readme = fs.readFileSync(path.join(FOLDER, "README.md"), "utf8");
    expect(SCRIPTS).toHaveLength(6);
    for (const name of SCRIPTS) {
      const lines = fs.readFileSync(path.join(FOLDER, name), "utf8").trimEnd().split("\n");
      expect(lines.length, name).toBeLessThanOrEqual(50);
      expect(readme).toMatch(new RegExp(`\\| \\[${name}\\]\\(${name}\\) .*\`node examples/${name}`));
    }
  });

  it("type-check against the compiled library, as strictly as the project", () => {
    const read = ts.getParsedCommandLineOfConfigFile(path.join(FOLDER, "tsconfig.json"), undefined, {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
      },
    })!;
    expect(read.fileNames.map((file) => path.basename(file)).sort()).toEqual([...SCRIPTS].sort());
    const found = ts.getPreEmitDiagnostics(ts.createProgram(read.fileNames, read.options));
    const texts = found.map(({ file, messageText }) => {
      return `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
    expect(texts).toEqual([]);
  });

  it("ask.mjs scores four options, and takes a picture of one's own, of any size", async () => {
    const shares = (text: string): number[] => [...text.matchAll(/ (\d\.\d{3})$/gm)].map(([, share]) => Number(share));
    const drawn = run("ask.mjs");
    expect(drawn).toMatch(/^asked +<image> bird options (\w+ \w+ , ){3}\w+ \w+ \? think\nchain +analysis /);
    expect(drawn).toMatch(/\nanswer +\w+ \w+ \(the truth: \w+ \w+\)\n/);
    expect(shares(drawn)).toHaveLength(4);
    const sum = shares(drawn).reduce((total, share) => total + share, 0);
    expect(sum).toBeGreaterThan(0.5);
    expect(sum).toBeLessThanOrEqual(1.002); // rounded to three digits each
    const photo = path.join(folder, "photo.jpg");
    await sharp({ create: { width: 1200, height: 800, channels: 3, background: "#284" } }).toFile(photo);
    expect(shares(run("ask.mjs", photo))).toHaveLength(4);
  });

  it("objective.mjs gives the figures of Eq. 4, and a gradient that tells right answers from wrong ones", () => {
    const text = run("objective.mjs");
    const figure = (name: string): number => Number(new RegExp(`${name}: (-?[\\d.]+)`).exec(text)?.[1]);
    // sampled entropy: the mean of −log π over the 11 tokens, (0.9+0.5+0.1+1.2+0.4+0.3+0.7+0.6+1+0.8+0.5)/11 = 7/11
    expect(figure("entropy")).toBeCloseTo(7 / 11, 6);
    expect(figure("entropyNegative")).toBeCloseTo(7 / 11 + 0.4, 6); // every token is less likely by 0.4
    expect(figure("klNegative")).toBeCloseTo(Math.exp(-0.4) + 0.4 - 1, 6); // k3 of log π − log π_neg = 0.4
    // advantages ±√3/2 of [1, 0, 1, 0] (ddof 1), five tokens of right and six of wrong answers: the policy's loss is their mean
    expect(figure("policyLoss")).toBeCloseTo(Math.sqrt(3) / 2 / 11, 5);
    const rows = [...text.matchAll(/\[ (-?[\d.]+), (-?[\d.]+), (-?[\d.]+) \]/g)].map((row) => row.slice(1).map(Number));
    expect(rows.map(([first]) => Math.sign(first!))).toEqual([1, -1, 1, -1]);
    expect(rows[2]![2]).toBe(0);
  });

  it("triplets.mjs finds negatives that are of the anchor's own genus more often than not", () => {
    const text = run("triplets.mjs");
    // 10 seen classes with 4 training pictures; a genus has 4 of the 8 classes of a domain, some of them unseen
    const [, count] = /40 triplets; the negative is of the anchor's genus in (\d+)\./.exec(text)!;
    expect(Number(count)).toBeGreaterThan(20);
  });

  it("pca.mjs separates birds from cars along the first component", () => {
    const text = run("pca.mjs");
    const mean = (domain: string): number => {
      const all = [...text.matchAll(new RegExp(`^${domain}/\\w+ \\w+ +(-?[\\d.]+)`, "gm"))].map(([, x]) => Number(x));
      expect(all).toHaveLength(8);
      return all.reduce((sum, x) => sum + x, 0) / all.length;
    };
    expect(mean("bird")).toBeGreaterThan(mean("car") + 2);
  });

  it("checkpoint.mjs reads the config, a header and the weights of any folder in the hub's layout", () => {
    expect(run("checkpoint.mjs")).toMatch(
      /^qwen2_5_vl with 3 layers of width 64\nvisual\.patch_embed\.proj\.weight F32/,
    );
    const { num_hidden_layers: layers } = JSON.parse(fs.readFileSync("assets/mini/base/config.json", "utf8")) as {
      num_hidden_layers: number;
    };
    expect(run("checkpoint.mjs", path.resolve("assets/mini/base"))).toContain(`with ${layers} layers`);
  });

  it("transformers.mjs leaves a folder that loads again, and the Python that loads it", () => {
    const saved = path.join(folder, "saved model");
    const text = run("transformers.mjs", saved);
    expect(text).toMatch(/^here: <answer> \w+ \w+ <\/answer>\n/);
    expect(text).toContain(`\nfolder = ${JSON.stringify(saved)}\n`);
    expect(run("checkpoint.mjs", saved)).toMatch(/ weights in 68 tensors\n/);
  });
});
