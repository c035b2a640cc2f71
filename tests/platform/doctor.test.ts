import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { examine, formatExamination } from "../../src/cli/doctor";

const ROOT = path.resolve(__dirname, "../..");

describe("doctor", () => {
  it("finds a set-up project healthy, its engine computing and training", async () => {
    const { findings, healthy } = await examine(ROOT);
    const problems = findings.filter(({ status }) => status === "problem");
    expect(problems).toEqual([]);
    expect(healthy).toBe(true);
    const status = new Map(findings.map((finding) => [finding.subject, finding.status]));
    for (const subject of [
      "Node",
      "Python (.venv)",
      "TensorFlow wheel",
      "Tensor engine",
      "Training",
      "Jupyter kernel",
    ]) {
      expect([subject, status.get(subject)]).toEqual([subject, "ok"]);
    }
  });

  it("reads versions from the installed packages", async () => {
    const { findings } = await examine(ROOT);
    const versions = new Map(findings.map((finding) => [finding.subject, finding.value]));
    const { dependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(versions.get("tslab")).toBe(dependencies["tslab"]);
    expect(versions.get("danfojs-node")).toBe(dependencies["danfojs-node"]);
    expect(versions.get("TensorFlow wheel")).toMatch(/^2\.21\.0 \(tensorflow/);
  });

  it("names what an untouched folder lacks, and the command for each", async () => {
    const empty = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-doctor-"));
    try {
      const { findings, healthy } = await examine(empty);
      expect(healthy).toBe(false);
      const remedies = new Map(findings.map((finding) => [finding.subject, finding.remedy]));
      for (const subject of ["Python (.venv)", "TensorFlow wheel", "tslab", "jupyterlab (Python)", "Jupyter kernel"]) {
        expect([subject, remedies.get(subject)]).toEqual([subject, "Run `npm run setup`."]);
      }
      expect(remedies.get("Shipped models")).toContain("base build");
    } finally {
      fs.rmSync(empty, { recursive: true, force: true });
    }
  });

  it("leaves no tensors behind", async () => {
    const tf = await import("@tensorflow/tfjs-core");
    const before = tf.memory().numTensors;
    await examine(ROOT);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("prints a line for each finding, with its remedy under it", () => {
    const text = formatExamination({
      healthy: false,
      findings: [
        { subject: "Node", status: "ok", value: "20.19.0" },
        { subject: "Engine", status: "problem", value: "missing", remedy: "Install it." },
      ],
    });
    // Marks are padded to five characters, subjects to the longest one, with two spaces after each.
    expect(text.split("\n")).toEqual([
      "ok     Node    20.19.0",
      "WRONG  Engine  missing",
      "               → Install it.",
      "",
      "Something is wrong; follow the arrows above.",
    ]);
  });
});
