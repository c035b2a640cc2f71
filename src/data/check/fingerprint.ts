import type { GreyImage } from "../images";

/**
 * A picture's difference hash (dHash; Krawetz, 2013): the picture in 9 × 8 grey cells, and for each pair of neighbours in a row
 * whether it grows lighter to the right; 64 bits. Resizing, compressing and lightening change few of them.
 */
export interface DifferenceHash {
  /** Rows 0–3 and rows 4–7, the first cell in the highest bit. */
  readonly high: number;
  readonly low: number;
}

const [ROWS, BITS] = [8, 8];
/** Pixels of a cell's side before they are averaged: enough that a cell's mean does not hang on how a decoder shrinks. */
const CELL = 8;
/** Size of the grey picture that the hash is taken of. */
export const HASHED = { width: (BITS + 1) * CELL, height: ROWS * CELL } as const;

/** @param grey of the size `HASHED` */
export function differenceHash({ width, data }: GreyImage): DifferenceHash {
  const mean = (row: number, column: number): number => {
    let sum = 0;
    for (let y = 0; y < CELL; y++) {
      for (let x = 0; x < CELL; x++) sum += data[(row * CELL + y) * width + column * CELL + x] ?? 0;
    }
    return sum;
  };
  const half = (from: number): number => {
    let bits = 0;
    for (let row = from; row < from + ROWS / 2; row++) {
      for (let column = 0; column < BITS; column++) {
        bits = (bits << 1) | (mean(row, column) < mean(row, column + 1) ? 1 : 0);
      }
    }
    return bits >>> 0;
  };
  return { high: half(0), low: half(ROWS / 2) };
}

/** Bits in which two hashes differ. */
export function hashDistance(a: DifferenceHash, b: DifferenceHash): number {
  return ones(a.high ^ b.high) + ones(a.low ^ b.low);
}

/** Bits that are set in 32. */
function ones(bits: number): number {
  let pairs = bits - ((bits >>> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The most bits in which near duplicates differ: one less than there are bytes, so that at least one byte of eight is the same. */
export const NEAR = 7;

/**
 * All pairs of hashes that differ in at most `NEAR` bits, found by the bytes that they share (eight bands of eight bits) and not by
 * holding each against each. @returns places of both, the smaller first, each pair once
 */
export function* nearPairs(hashes: readonly DifferenceHash[]): Generator<readonly [number, number]> {
  for (let band = 0; band < 8; band++) {
    const alike = new Map<number, number[]>();
    for (const [place, hash] of hashes.entries()) {
      const key = byteOf(hash, band);
      const others = alike.get(key) ?? [];
      for (const other of others) {
        const before = hashes[other] ?? hash;
        if (hashDistance(before, hash) <= NEAR && firstShared(before, hash) === band) yield [other, place];
      }
      others.push(place);
      alike.set(key, others);
    }
  }
}

function byteOf({ high, low }: DifferenceHash, band: number): number {
  return ((band < 4 ? high : low) >>> (8 * (3 - (band % 4)))) & 0xff;
}

/** The first byte that two hashes share: the band in which their pair is told. */
function firstShared(a: DifferenceHash, b: DifferenceHash): number {
  for (let band = 0; band < 8; band++) if (byteOf(a, band) === byteOf(b, band)) return band;
  return -1;
}
