import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../src/data/images";
import { encodePng, rasterizeSvg } from "../../src/data/rasters";

describe("encodePng", () => {
  it("keeps every pixel", async () => {
    const picture = fc
      .record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) })
      .chain(({ width, height }) => {
        const size = 3 * width * height;
        const data = fc.uint8Array({ minLength: size, maxLength: size });
        return fc.record({ width: fc.constant(width), height: fc.constant(height), data });
      });
    await fc.assert(
      fc.asyncProperty(picture, async (image) => {
        const read = await decodeImage(await encodePng(image), "png");
        expect([read.width, read.height, ...read.data]).toEqual([image.width, image.height, ...image.data]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("rasterizeSvg", () => {
  it("draws at the asked scale", async () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="2"><rect width="4" height="2" fill="#0a141e"/></svg>`;
    const image = await decodeImage(await rasterizeSvg(svg, 3), "svg");
    expect([image.width, image.height]).toEqual([12, 6]);
    expect([...image.data.slice(0, 3)]).toEqual([10, 20, 30]); // #0a141e
  });
});
