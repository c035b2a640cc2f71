import type { RgbImage } from "../core/image";
import { Random } from "../core/random";
import type { LabelledImage, Mask, MaskedImage } from "./types";

/** Side of a patch that is hidden or shown, in pixels, as in PAPO's code. */
const PATCH = 14;

/**
 * A copy of the picture with each patch of 14 × 14 pixels black with chance `share`: what PAPO (Wang et al., 2025) shows the
 * policy that its own is told from, with 0.6. Patches at the right and the lower edge may be smaller.
 */
export function maskPatches({ width, height, data }: RgbImage, share: number, random: Random): RgbImage {
  const masked = Uint8Array.from(data);
  for (let top = 0; top < height; top += PATCH) {
    for (let left = 0; left < width; left += PATCH) {
      if (!random.chance(share)) continue;
      const right = Math.min(left + PATCH, width);
      for (let y = top; y < Math.min(top + PATCH, height); y++) masked.fill(0, 3 * (y * width + left), 3 * (y * width + right)); // prettier-ignore
    }
  }
  return { width, height, data: masked };
}

/** The picture behind a mask. Its pixels are the same object for as long as the whole picture's are. */
export function maskedImage(image: LabelledImage, mask: Mask): MaskedImage {
  const made = new WeakMap<RgbImage, RgbImage>();
  return {
    id: image.id,
    subCategory: image.subCategory,
    mask,
    load: async () => {
      const whole = await image.load();
      const masked = made.get(whole) ?? maskPatches(whole, mask.share, new Random(mask.seed));
      made.set(whole, masked);
      return masked;
    },
  };
}
