import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import { executeNotebook, printed, withNotebook } from "./harness";

/** tslab's cells, executed by nbconvert: what every notebook of the project rests on. */
describe("the TypeScript kernel", () => {
  it("runs the library, the tensor engine and danfojs in one cell, with top-level await", async () => {
    const cell = `
import * as tf from "@tensorflow/tfjs-node-gpu";
import * as danfo from "danfojs-node";
import { Random } from "../../../dist/core/random";
import { loadBackend } from "../../../dist/core/backend";
const backend = await loadBackend();
// d(x²)/dx at 3 is 6; and [1 2]·[3 4]ᵀ is 11.
const gradient = tf.grad((x: tf.Tensor) => x.square().sum())(tf.tensor1d([3])).dataSync()[0];
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
const frame = new danfo.DataFrame({ a: [1, 2, 3] });
console.log(JSON.stringify({
  backend: backend.name, current: tf.getBackend(), gradient, product, mean: frame["a"].mean(),
  same: new Random(7).uint32() === new Random(7).uint32(),
}));`;
    const { cells } = await withNotebook([cell], (file) => executeNotebook(file));
    expect(JSON.parse(printed(cells[0]))).toEqual({
      backend: "tensorflow",
      current: "tensorflow",
      gradient: 6,
      product: 11,
      mean: 2,
      same: true,
    });
  });

  it("shows figures as their MIME types, and reads parameters from the environment", async () => {
    const cell = `
import { display } from "tslab";
display.html("<b>bold</b>");
display.raw("application/vnd.plotly.v1+json", { data: [{ y: [1, 2] }], layout: {} } as any);
console.log(process.env.FINE_R1_PROFILE);`;
    const { cells } = await withNotebook([cell], (file) =>
      executeNotebook(file, { env: { FINE_R1_PROFILE: "smoke" } }),
    );
    const shown = (cells[0]?.outputs ?? []).flatMap((item) =>
      item.output_type === "display_data" ? Object.entries(item.data) : [],
    );
    expect(new Map(shown).get("application/vnd.plotly.v1+json")).toEqual({ data: [{ y: [1, 2] }], layout: {} });
    expect(new Map(shown).has("text/html")).toBe(true);
    expect(printed(cells[0])).toBe("smoke\n");
  });

  it("fails when a cell throws, and leaves the notebook as it was", async () => {
    await withNotebook([`throw new Error("not today");`], async (file) => {
      const before = fs.readFileSync(file, "utf8");
      await expect(executeNotebook(file)).rejects.toThrow(/not today/);
      expect(fs.readFileSync(file, "utf8")).toBe(before);
    });
  });

  it("fails when a promise is rejected after its cell has ended", async () => {
    const cells = [
      `void (async () => { await new Promise((go) => setTimeout(go, 50)); throw new Error("too late"); })();`,
      `await new Promise((go) => setTimeout(go, 500));`,
    ];
    await withNotebook(cells, async (file) => {
      await expect(executeNotebook(file)).rejects.toThrow(
        /after its cell had ended[\s\S]*UnhandledPromiseRejection: Error: too late/,
      );
    });
  });
});
