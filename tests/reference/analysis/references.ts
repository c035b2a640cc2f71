import * as path from "node:path";
import { z } from "zod";
import { readJson } from "../../../src/core/files";

const set = z.object({ x: z.array(z.array(z.number())), y: z.array(z.int()) });
const tTest = z.object({ t: z.number(), df: z.number(), p: z.number() });
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** What scikit-learn and SciPy say (`make_references.py`). */
export const references = z
  .object({
    train: set,
    test: set,
    probe: z.object({ curve: z.array(triple), bestLoss: z.number(), bestTest: z.number() }),
    silhouette: z.object({ mean: z.number(), lonely: z.number() }),
    fisher: z.number(),
    tTests: z.object({ a: z.array(z.number()), b: z.array(z.number()), paired: tTest, independent: tTest }),
    studentP: z.array(triple),
    studentQuantile: z.array(triple),
    normal: z.array(z.tuple([z.number(), z.number()])),
    binomialTail: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
    power: z.array(triple),
  })
  .parse(readJson(path.join(__dirname, "references.json")));
