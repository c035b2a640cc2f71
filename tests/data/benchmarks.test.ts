import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { BENCHMARK_READERS } from "../../src/data/benchmarks";
import type { Dataset } from "../../src/data/dataset";
import type { GeneralQuestion } from "../../src/data/questions";
import { encodePng } from "../../src/data/rasters";
import { folderOf, temporaryFolder } from "./folderFixture";

const { imagewikiqa, mme, mmbench, seedbench } = BENCHMARK_READERS;
const questions = ({ questions: own }: Dataset): readonly GeneralQuestion[] => own!.draw(1);
const skipped = ({ report }: Dataset): string[] => report!.skipped.map(({ file, reason }) => `${file}: ${reason}`);
const write = (file: string, text: string): string => {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};

describe("MME", () => {
  it("is read in both of its layouts, two questions for each picture; what cannot be used is listed by file and line", async () => {
    const root = await folderOf({
      "color/1.png": null,
      "color/1.txt": "Is it red? Please answer yes or no.\tYes\nIs it blue? Please answer yes or no.\tNo\n\n",
      "color/2.png": null,
      "color/2.txt": "Is it red? Yes\nIs it blue?\tNo\n",
      "color/3.txt": "Is it red?\tYes\nIs it blue?\tNo\n",
      "color/4.png": null,
      "color/4.txt": "Is it red?\tYes\n",
      "scene/images/a.png": null,
      "scene/questions_answers_YN/a.txt": "Is it a room?\tno\nIs it a field?\tYES\n",
    });
    const opened = await mme.open(root, {});
    expect(questions(opened).map(({ id, kind, domain, user, truth, group }) => [id, kind, domain, user, truth, group])).toEqual([
      ["color/1/1", "color", "perception", "<image>Is it red? Please answer yes or no.", "yes", "color/1"],
      ["color/1/2", "color", "perception", "<image>Is it blue? Please answer yes or no.", "no", "color/1"],
      ["scene/a/1", "scene", "perception", "<image>Is it a room?", "no", "scene/a"],
      ["scene/a/2", "scene", "perception", "<image>Is it a field?", "yes", "scene/a"],
    ]); // prettier-ignore
    expect(skipped(opened)).toEqual([
      "color/2.txt, line 1: is not a question, a tab, and Yes or No",
      "color/3.txt: its picture is not there",
      "color/4.txt: has 1 questions where two belong to a picture",
    ]);
    expect(opened.report!.notes.join()).toMatch(/Without the subtasks existence, count, .*, sums are lower/);
    expect((await questions(opened)[0]!.load!()).width).toBe(4);
    expect(mme.fingerprint(root)).toBe(opened.fingerprint);
    write(path.join(root, "color", "1.txt"), "Is it red?\tNo\nIs it blue?\tYes\n");
    expect(mme.fingerprint(root)).not.toBe(opened.fingerprint);
  });

  it("has another fingerprint where its files belong to another subtask, though all are called alike", async () => {
    const [one, other] = ["Is it red?\tYes\nIs it blue?\tNo\n", "Is it a dog?\tYes\nIs it a cat?\tNo\n"];
    const made = async (first: string, second: string, texts: readonly string[]): Promise<string> =>
      mme.fingerprint(
        await folderOf({
          ...Object.fromEntries([first, second].map((name) => [`${name}/images/1.png`, "the same bytes"])),
          ...Object.fromEntries([first, second].map((name, i) => [`${name}/questions_answers_YN/1.txt`, texts[i] ?? ""])), // prettier-ignore
        }),
      );
    const prints = [await made("count", "scene", [one, other]), await made("position", "scene", [one, other]), await made("count", "scene", [other, one])]; // prettier-ignore
    expect(new Set(prints).size).toBe(3);
    expect(await made("count", "scene", [one, other])).toBe(prints[0]); // wherever the folder lies
  });

  it("passes over a subtask that is a link to itself, and says of each file why it is not used", async () => {
    const root = await folderOf({ "OCR/1.png": null, "OCR/1.TXT": "a?\tYes\nb?\tNo\n", "OCR/2.png": null, "OCR/3.png": null }); // prettier-ignore
    for (const name of ["count", "OCR/4.png"]) fs.symlinkSync(path.join(root, name), path.join(root, name));
    fs.writeFileSync(path.join(root, "OCR/2.txt"), "Gr\u00fcn?\tYes\nb?\tNo\n", "latin1");
    const opened = await mme.open(root, {});
    expect(questions(opened).map(({ id }) => id)).toEqual(["OCR/1/1", "OCR/1/2"]);
    expect(skipped(opened)).toEqual([
      "OCR/2.txt: is not in UTF-8 (line 1)",
      "OCR/3.png: has no text of its name with two questions",
      "OCR/4.png: has no text of its name with two questions",
    ]);
    expect(opened.report!.pictures).toBe(2);
    for (const files of [{ "OCR/a.doc": "" }, { "OCR/1.png": null }]) {
      await expect(async () => mme.open(await folderOf(files), {})).rejects.toThrow(/no question that can be used \((Without the subtasks|OCR\/1\.png: has no text)/); // prettier-ignore
    }
  });

  it("is found inside the folder that its archive unpacks to, and refused where it is not there", async () => {
    const root = await folderOf({ "MME_Benchmark_release_version/MME_Benchmark/OCR/1.png": null, "MME_Benchmark_release_version/MME_Benchmark/OCR/1.txt": "a?\tYes\nb?\tNo\n" }); // prettier-ignore
    expect(questions(await mme.open(root, {}))).toHaveLength(2);
    expect(() => mme.fingerprint(temporaryFolder())).toThrow(/holds no folder of a subtask of MME.*MME_Benchmark/);
  });
});

describe("ImageWikiQA", () => {
  const line = (more: object = {}): string =>
    JSON.stringify({ image: "images/a.png", text: "Which is it?\nA. red\nB. green\nC. blue, or so\nD. none\nChoose A, B, C, or D.", label: "C", wiki: "…", classname: "x", ...more }); // prettier-ignore

  it("is read line by line", async () => {
    const root = await folderOf({
      "images/a.png": null,
      "imagewikiqa.jsonl": [line(), "{", line({ label: "E" }), line({ image: "images/b.png" }), line({ text: "Which?\nA. red" }), ""].join("\n"), // prettier-ignore
    });
    const opened = await imagewikiqa.open(root, {});
    expect(questions(opened)).toMatchObject([
      { id: "1", truth: "C", choice: { rule: "lastLetter", options: ["red", "green", "blue, or so", "none"] } },
    ]);
    expect(questions(opened)[0]!.user).toMatch(/^<image>Which is it\?\nA\. red\n/);
    const [json, label, picture, form] = skipped(opened);
    expect(json).toMatch(/^imagewikiqa\.jsonl, line 2: .*JSON/);
    expect(label).toMatch(/^imagewikiqa\.jsonl, line 3: .*label/);
    expect(picture).toBe("imagewikiqa.jsonl, line 4: its picture images/b.png is not there");
    expect(form).toMatch(/^imagewikiqa\.jsonl, line 5: .*text/);
    const ends = line({ text: "Which?\r\nA. 1\r\nB. 2\r\nC. 3\r\nD. 4\r\nChoose." });
    write(path.join(root, "imagewikiqa.jsonl"), `\ufeff${ends}\n`);
    expect(questions(await imagewikiqa.open(root, {}))).toMatchObject([
      { user: "<image>Which?\nA. 1\nB. 2\nC. 3\nD. 4\nChoose.", choice: { options: ["1", "2", "3", "4"] } },
    ]);
    write(path.join(root, "imagewikiqa.jsonl"), [line(), line({ image: "../up.png" }), line({ image: "images" }), line({ image: "a\0b" }), line({ image: "c".repeat(5000) })].join("\n")); // prettier-ignore
    write(path.join(path.dirname(root), "up.png"), "of somebody else");
    expect(skipped(await imagewikiqa.open(root, {}))).toEqual([
      "imagewikiqa.jsonl, line 2: its picture ../up.png is not there",
      "imagewikiqa.jsonl, line 3: its picture images is not there",
      "imagewikiqa.jsonl, line 4: its picture a\0b is not there",
      `imagewikiqa.jsonl, line 5: its picture ${"c".repeat(200)}… is not there`,
    ]);
    await expect(async () => imagewikiqa.open(temporaryFolder(), {})).rejects.toThrow(/imagewikiqa\.jsonl or .* is not there.*VLMClassifier/); // prettier-ignore
  });
});

/** A picture in base64. */
async function base64(grey: number): Promise<string> {
  const png = await encodePng({ width: 40, height: 30, data: new Uint8Array(40 * 30 * 3).map((_, i) => (i * grey) % 251) });
  return png.toString("base64");
} // prettier-ignore

const HEAD = ["index", "question", "hint", "A", "B", "C", "D", "answer", "category", "image", "l2-category", "split"];
const tsv = (...rows: readonly (readonly string[])[]): string => [HEAD, ...rows].map((row) => row.join("\t")).join("\n") + "\n"; // prettier-ignore
const row = (index: string, options: readonly string[], answer: string, image: string, more: { question?: string; hint?: string } = {}) =>
  [index, more.question ?? "Which?", more.hint ?? "", ...[0, 1, 2, 3].map((i) => options[i] ?? ""), answer, "action", image, "coarse_perception", "dev"]; // prettier-ignore

describe("MMBench", () => {
  it("is read with its turned rows and the pictures that they refer to", async () => {
    const [one, two] = [await base64(3), await base64(5)];
    const file = write(
      path.join(temporaryFolder(), "MMBench_DEV_EN.tsv"),
      tsv(
        row("7", ["red", "green"], "A", one, { hint: '"a hint\nof two lines"' }),
        row("1000007", ["green", "red"], "B", "7"),
        row("9", ["x", "y", "z"], "D", two),
        ["10", "too few"],
        row("11", ["x", "y"], "B", "12"),
        row("1000013", ["x", "y"], "B", two),
        row("a", ["x", "y"], "B", two),
        row("14", ["x", "y"], "", two),
      ),
    );
    const opened = await mmbench.open(file, {});
    const [first, turned, ...more] = questions(opened);
    expect(more).toEqual([]);
    expect(first).toMatchObject({ id: "7", group: "7", truth: "A", kind: "coarse_perception", domain: "action" });
    expect(first!.user).toBe(
      "<image>Hint: a hint\nof two lines\nQuestion: Which?\nOptions:\nA. red\nB. green\nPlease select the correct answer from the options above.",
    );
    expect(turned).toMatchObject({ id: "1000007", group: "7", truth: "B", choice: { options: ["green", "red"] } });
    expect(await turned!.load!()).toBe(await first!.load!()); // read once
    expect((await first!.load!()).data.slice(0, 4)).toEqual(Uint8Array.of(0, 3, 6, 9));
    expect(skipped(opened)).toEqual([
      // the hint takes two lines, so that what comes behind it stands a line further down
      'MMBench_DEV_EN.tsv, line 5: its answer "D" is the letter of no option',
      "MMBench_DEV_EN.tsv, line 6: has 2 fields where the heading has 12",
      "MMBench_DEV_EN.tsv, line 9: its index is no number",
      "MMBench_DEV_EN.tsv, line 10: has no answer",
      "MMBench_DEV_EN.tsv, line 7: its picture stands in no row",
      "index 1000013: is a turn of a question that is not there",
    ]);
    expect(opened.report!.notes).toEqual([]);
  });

  it("reports a row whose lone quote takes in others, and takes hints of several lines", async () => {
    const image = await base64(3);
    const rows = [
      row("1", ["a", "b"], "A", image, { hint: '"one\ntwo\tthree\nfour"' }),
      row("2", ["a", "b"], "A", image, { question: '"What' }), // to the question of 4, which ends in a sign of inches
      row("3", ["a", "b"], "A", image),
      row("4", ["a", "b"], "A", image, { question: 'Is it 5"' }),
      row("5", ["a", "b"], "A", image, { question: '"Who' }), // to the opening quote of 6
      row("6", ["a", "b"], "A", image, { hint: '"a hint"' }),
      row("7", ["a", "b"], "A", image, { question: '"Stop" is a sign of?' }),
      row("8", ["a", "b"], "A", image, { question: '"""Go"" is one, too"' }),
      row("9", ["a", "b"], "A", image, { question: '"to the end' }),
      row("10", ["a", "b"], "A", image),
    ];
    const opened = await mmbench.open(write(path.join(temporaryFolder(), "dev.tsv"), tsv(...rows)), {});
    expect(questions(opened).map(({ id }) => id)).toEqual(["1", "1000001", "8", "1000008"]);
    expect(skipped(opened)).toEqual([
      "dev.tsv, line 5: its question has a quote that nothing closes: lines 5 to 7 cannot be used",
      "dev.tsv, line 8: has a quote that nothing closes: lines 8 to 9 cannot be used",
      "dev.tsv, line 10: has a quote that ends before its field does",
      expect.stringMatching(/^dev\.tsv, line 12: has a quote that nothing closes: lines 12 to 1[34] cannot be used$/),
    ]);
  });

  it("takes no picture of another row for a blank one, no options behind a gap, and no lost characters", async () => {
    const image = await base64(3);
    const blank = [" ", "0x0", "0.0"].map((given, i) => row(String(i + 1), ["a", "b"], "A", given));
    const rows = [row("0", ["a", "b"], "A", image), ...blank, row("4", ["a", "b", "", "dd"], "A", image)];
    const file = write(path.join(temporaryFolder(), "dev.tsv"), tsv(...rows));
    fs.appendFileSync(file, `${row("5", ["a", "b"], "A", image, { question: "Gr\u00fcn?" }).join("\t")}\n`, "latin1");
    const opened = await mmbench.open(file, {});
    expect(questions(opened).map(({ id }) => id)).toEqual(["0", "1000000"]);
    expect(skipped(opened)).toEqual([
      "dev.tsv, line 6: has an option behind its empty option C",
      "dev.tsv, line 7: its question is not in UTF-8",
      ...[3, 4, 5].map((line) => `dev.tsv, line ${line}: its picture stands in no row`),
    ]);
    await expect(mmbench.open(path.dirname(file), {})).rejects.toThrow(/is a folder, not a file\. Give a file\./);
  });

  it("asks about a row's own picture where a later row has its index, too", async () => {
    const rows = [row("7", ["a", "b"], "A", await base64(3)), row("7", ["c", "d"], "A", await base64(5))];
    const opened = await mmbench.open(write(path.join(temporaryFolder(), "dev.tsv"), tsv(...rows)), {});
    expect((await questions(opened)[0]!.load!()).data.slice(0, 4)).toEqual(Uint8Array.of(0, 3, 6, 9));
    expect(skipped(opened)).toEqual(["dev.tsv, line 3: another row has the index 7"]);
  });

  it("turns the options on where the file has each question once: the right answer stands in each place once", async () => {
    const file = write(path.join(temporaryFolder(), "dev.tsv"), tsv(row("3", ["a", "b", "c"], "B", await base64(1))));
    const opened = await mmbench.open(file, {});
    expect(questions(opened).map(({ id, truth, choice }) => [id, truth, choice!.options.join("")])).toEqual([
      ["3", "B", "abc"],
      ["1000003", "A", "bca"],
      ["2000003", "C", "cab"],
    ]);
    expect(opened.report!.notes).toEqual([expect.stringMatching(/each question once/)]);
  });

  it("says so where a question stands in fewer orders than it has options", async () => {
    const image = await base64(1);
    const rows = [row("3", ["a", "b", "c"], "B", image), row("1000003", ["b", "c", "a"], "A", "3")];
    const opened = await mmbench.open(write(path.join(temporaryFolder(), "dev.tsv"), tsv(...rows)), {});
    expect(opened.report!.notes).toEqual([expect.stringMatching(/^1 questions stand there in fewer orders/)]);
  });

  it("refuses a file without answers, of another form, or none", async () => {
    const without = write(path.join(temporaryFolder(), "MMBench_TEST_EN.tsv"), "index\tquestion\tA\tB\timage\n1\t?\ta\tb\tx\n"); // prettier-ignore
    await expect(mmbench.open(without, {})).rejects.toThrow(/has no column answer: .* server alone\. Take the file with answers/); // prettier-ignore
    const other = write(path.join(temporaryFolder(), "x.tsv"), "a\tb\n");
    await expect(mmbench.open(other, {})).rejects.toThrow(/has no column index, image, question, A, B, answer/);
    await expect(mmbench.open("/nowhere/x.tsv", {})).rejects.toThrow(/x\.tsv is not there.*OpenCompass/);
    const torn = write(path.join(temporaryFolder(), "y.tsv"), tsv(row("3", ["a", "b"], "B", "A".repeat(80))));
    const [question] = questions(await mmbench.open(torn, {}));
    await expect(question!.load!()).rejects.toThrow(/y\.tsv, line 2: the image cannot be read/);
  });
});

describe("SEED-Bench", () => {
  const one = (more: object): object => ({ answer: "B", choice_a: "1", choice_b: "2", choice_c: "3", choice_d: "4", data_id: "7", data_type: "image", question: "How many?", question_id: "101", question_type_id: 5, ...more }); // prettier-ignore

  it("is read from its authors' file: questions about pictures, the others counted", async () => {
    const list = [one({}), one({ question_id: 102, choice_a: 5, data_id: "8" }), one({ data_type: "video", question_type_id: 10 }), one({ answer: "E" }), one({ data_id: "9" })]; // prettier-ignore
    const root = await folderOf({
      "SEED-Bench.json": JSON.stringify({ questions: list, question_type: {} }),
      "SEED-Bench-image/7": null,
      "SEED-Bench-image/8.png": null,
    });
    const opened = await seedbench.open(root, {});
    expect(questions(opened).map(({ id, kind, truth, choice }) => [id, kind, truth, choice!.options[0]])).toEqual([
      ["101", "Instances Counting", "B", "1"],
      ["102", "Instances Counting", "B", "5"],
    ]);
    expect((await questions(opened)[0]!.load!()).height).toBe(4);
    expect(skipped(opened)).toEqual([expect.stringMatching(/^SEED-Bench\.json, question 4: .*answer/), "SEED-Bench.json, question 5: its picture 9 is not there"]); // prettier-ignore
    expect(opened.report!.notes).toEqual(["1 questions about videos (dimensions 10 to 12) are left out."]);
  });

  it("takes no option that is not there, no question twice, and no picture from elsewhere", async () => {
    const list = [one({}), one({ question: "Once more?" }), one({ question_id: "102", choice_d: undefined }), one({ question_id: "103", data_id: "../outside.png" })]; // prettier-ignore
    const root = await folderOf({
      "bench/SEED-Bench.json": JSON.stringify({ questions: list }),
      "bench/SEED-Bench-image/7": null,
      "bench/outside.png": null,
    });
    const opened = await seedbench.open(path.join(root, "bench"), {});
    expect(questions(opened).map(({ user }) => user)).toEqual([expect.stringContaining("How many?")]);
    expect(skipped(opened)).toEqual([
      "SEED-Bench.json, question 2: an earlier question has its question_id 101",
      expect.stringMatching(/^SEED-Bench\.json, question 3: .*choice_d/),
      "SEED-Bench.json, question 4: its picture ../outside.png is not there",
    ]);
  });

  it("is read from VLMEvalKit's TSV as well, each question once", async () => {
    const file = write(path.join(temporaryFolder(), "SEEDBench_IMG.tsv"), tsv(row("0", ["a", "b", "c", "d"], "D", await base64(2)))); // prettier-ignore
    const opened = await seedbench.open(file, {});
    expect(questions(opened)).toMatchObject([{ id: "0", kind: "action", truth: "D" }]);
    expect(questions(opened)[0]).not.toHaveProperty("group");
  });
});
