import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DOMAINS, type NuisanceConfig } from "../../src/miniworld/config";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import { changeValue, SLOTS, type Attributes } from "../../src/miniworld/attributes";
import { drawNuisance } from "../../src/miniworld/nuisance";
import { packPictures } from "../../src/miniworld/pictures";
import { loadPools } from "../../src/miniworld/pools";
import { rasterise, renderImage, renderSvg, type RenderParams } from "../../src/miniworld/render";
import { buildMiniWorld } from "../../src/miniworld/world";
import { smokeConfig, smokeWorld, testConfig } from "./worlds";

const still: NuisanceConfig = {
  rotation: 0,
  flip: 0,
  scale: [1, 1],
  shift: 0,
  clutter: 0,
  colourJitter: 0,
  brightness: 0,
  noise: 0,
  occlusion: { chance: 0, size: 0 },
};
const look: Attributes = { crown: "red", body: "yellow", wing: "blue", pattern: "striped", tail: "medium" };
const params = (domain: (typeof DOMAINS)[number], attributes = look, nuisance = still): RenderParams => ({
  domain,
  attributes,
  nuisance: drawNuisance(nuisance, new Random(1)),
  tailLengths: testConfig.tailLengths,
  size: 84,
});
/** Pixels that differ clearly. */
const different = (a: RgbImage, b: RgbImage): number => {
  let count = 0;
  for (let i = 0; i < a.data.length; i += 3) {
    const far = [0, 1, 2].some((c) => Math.abs(a.data[i + c]! - b.data[i + c]!) > 48);
    if (far) count++;
  }
  return count;
};

describe("rendering", () => {
  it("shows every value of every attribute in every domain, on at least 18 pixels and never on half of them", async () => {
    // 18 pixels: a tail step of 12 units × 0.84 px × a width of 7.5 × 0.84 px is 64; the smallest part must not vanish
    for (const domain of DOMAINS) {
      const base = await renderImage(params(domain));
      for (const slot of SLOTS) {
        const changed = changeValue(look, slot, testConfig.attributes, new Random(`${domain}/${slot}`));
        const count = different(base, await renderImage(params(domain, changed)));
        expect(count, `${domain} ${slot}`).toBeGreaterThan(18);
        expect(count, `${domain} ${slot}`).toBeLessThan(84 * 42);
      }
    }
  });

  it("makes tails of different lengths differ by the pixels of their step", async () => {
    for (const domain of DOMAINS) {
      const [short, medium, long] = await Promise.all(
        (["short", "medium", "long"] as const).map((tail) => renderImage(params(domain, { ...look, tail }))),
      );
      // (18 − 5) × 7.5 units², and (33 − 18) × 7.5, at 0.84² pixels a unit², at least half of them clearly seen
      expect(different(short!, medium!), domain).toBeGreaterThan(0.5 * 13 * 7.5 * 0.84 ** 2);
      expect(different(medium!, long!), domain).toBeGreaterThan(0.5 * 15 * 7.5 * 0.84 ** 2);
    }
  });

  it("draws at twice the size and averages blocks of 2 × 2", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4" fill="#fff"/>' +
      '<rect width="1" height="4" fill="#000"/></svg>';
    const image = await rasterise(svg, 2);
    // left blocks: half black, half white → 127.5, rounded up; right blocks: white
    expect([...image.data]).toEqual([128, 128, 128, 255, 255, 255, 128, 128, 128, 255, 255, 255]);
    expect(renderSvg(params("bird"))).toContain('width="168"');
  });

  it("adds noise of the asked strength and no bias", async () => {
    const clean = await renderImage(params("pet"));
    const noisy = await renderImage(params("pet", look, { ...still, noise: 10 }));
    const deltas = [...clean.data].flatMap((v, i) => (v > 60 && v < 195 ? [noisy.data[i]! - v] : []));
    expect(deltas.length).toBeGreaterThan(1000);
    const mean = deltas.reduce((a, b) => a + b, 0) / deltas.length;
    const sd = Math.sqrt(deltas.reduce((a, b) => a + (b - mean) ** 2, 0) / deltas.length);
    expect(Math.abs(mean)).toBeLessThan(1.3); // 10 / √1000 = 0.32 a standard error
    expect(sd).toBeGreaterThan(9); // 10 ± 4 · 10 / √2000
    expect(sd).toBeLessThan(11);
  });

  it("hides part of the figure only when occlusion is asked for", async () => {
    const occluded = params("dog", look, { ...still, occlusion: { chance: 1, size: 40 } });
    expect(occluded.nuisance.occluder).not.toBeNull();
    expect(params("dog").nuisance.occluder).toBeNull();
    expect(different(await renderImage(params("dog")), await renderImage(occluded))).toBeGreaterThan(50);
  });
});

describe("pictures of a world", () => {
  it("are pure functions of seed, class, purpose and index", async () => {
    const again = buildMiniWorld(smokeConfig);
    const c = smokeWorld.subCategories[0]!;
    const first = await smokeWorld.picture(c, "test", 0).load();
    expect(await again.picture(c, "test", 0).load()).toEqual(first);
    expect(await smokeWorld.picture(c, "test", 1).load()).not.toEqual(first);
    expect(await smokeWorld.picture(c, "train", 0).load()).not.toEqual(first);
    expect((await again.freePicture(3).load()).data).toEqual((await smokeWorld.freePicture(3).load()).data);
    const other = buildMiniWorld({ ...smokeConfig, seed: 12 });
    expect(await other.freePicture(3).load()).not.toEqual(await smokeWorld.freePicture(3).load());
  });

  it("are the same object each time, so that models may cache by identity", async () => {
    const image = smokeWorld.train[0]!;
    expect(await image.load()).toBe(await image.load());
    const c = smokeWorld.subCategories[0]!;
    expect(smokeWorld.picture(c, "weak", 2)).toBe(smokeWorld.picture(c, "weak", 2));
  });

  it("cover all values and domains in the pool", () => {
    const pool = Array.from({ length: 200 }, (_, i) => smokeWorld.freePicture(i));
    expect(new Set(pool.map((p) => p.domain)).size).toBe(2);
    for (const slot of SLOTS) {
      expect(new Set(pool.map((p) => p.attributes[slot])).size).toBe(smokeConfig.attributes[slot].length);
    }
  });
});

describe("packed pictures", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pack-"));
  afterEach(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("come back from the file as they were rendered, and are rendered anew when the world changed", async () => {
    const config = { ...smokeConfig, baseImages: 20, weakImages: 1 };
    const rendered = buildMiniWorld(config);
    await loadPools(rendered, { folder });
    const file = path.join(folder, "smoke-free.rgb");
    const written = fs.statSync(file).mtimeMs;
    const read = buildMiniWorld(config);
    await loadPools(read, { folder });
    expect(fs.statSync(file).mtimeMs).toBe(written); // taken from the file
    const [a, b] = await Promise.all([rendered.freePicture(19).load(), read.freePicture(19).load()]);
    expect(Buffer.from(b.data).equals(Buffer.from(a.data))).toBe(true);
    expect(Buffer.from((await buildMiniWorld(config).freePicture(19).load()).data).equals(Buffer.from(a.data))).toBe(
      true,
    );
    const other = buildMiniWorld({ ...config, seed: 12 });
    await loadPools(other, { folder });
    const c = (await other.freePicture(19).load()).data;
    expect(Buffer.from(c).equals(Buffer.from(a.data))).toBe(false);
  });

  it("are rendered anew when the file is torn", async () => {
    const file = path.join(folder, "torn.rgb");
    const pictures = [smokeWorld.freePicture(0), smokeWorld.freePicture(1)];
    await packPictures(pictures, file, { key: "k", size: 56 });
    const whole = fs.readFileSync(file);
    fs.writeFileSync(file, whole.subarray(0, whole.length - 7));
    await packPictures(pictures, file, { key: "k", size: 56 });
    expect(fs.readFileSync(file).equals(whole)).toBe(true);
  });

  it("must have the stated size", async () => {
    const file = path.join(folder, "wrong.rgb");
    const finish = vi.fn();
    const progress = { start: () => ({ update: () => undefined, finish }) };
    const packing = packPictures([smokeWorld.freePicture(0)], file, { key: "k", size: 84, progress });
    await expect(packing).rejects.toThrow(/84 pixels/);
    expect(finish).toHaveBeenCalledOnce();
  });
});
