import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it, vi } from "vitest";
import * as probe from "../../src/cli/probe";
import { examine, formatExamination, type Finding } from "../../src/cli/doctor";

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

  it("reports what is set wrongly or half installed, and does not die of it", async () => {
    const half = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-doctor-"));
    const tslab = path.join(half, "node_modules", "tslab");
    fs.mkdirSync(tslab, { recursive: true });
    fs.writeFileSync(path.join(tslab, "package.json"), '{"version": "1.');
    vi.stubEnv("FINE_R1_NUMERICS", "nativ");
    const { findings } = await examine(half);
    const found = (subject: string): Finding | undefined => findings.find((finding) => finding.subject === subject);
    expect(found("tslab")).toMatchObject({ status: "problem", value: "missing" });
    expect(found("Last digits")).toMatchObject({ status: "problem", value: 'FINE_R1_NUMERICS is "nativ"' });
    vi.unstubAllEnvs();
    fs.rmSync(half, { recursive: true });
  });

  it("says nothing of last digits where no engine was loaded, and how to mend that", async () => {
    const none = { backend: undefined, computes: false, differentiates: false, usesGpu: false };
    const spy = vi.spyOn(probe, "probeEngine").mockResolvedValue({ ...none, problem: "bad", remedy: "Mend it." });
    const { findings } = await examine(ROOT);
    spy.mockRestore();
    expect(findings).toContainEqual({ subject: "Tensor engine", status: "problem", value: "bad", remedy: "Mend it." });
    expect(findings).toContainEqual({ subject: "Last digits", status: "note", value: "cannot be told: no engine was loaded" }); // prettier-ignore
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
