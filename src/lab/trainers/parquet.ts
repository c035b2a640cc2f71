import { writeFileAtomic } from "../../core/files";

/** One question of stage 2 with its three pictures, as the released trainer's data have it. */
export interface TripletRow {
  /** Begins with `<image>`. */
  readonly problem: string;
  readonly answer: string;
  /** Anchor, positive and negative, in the columns `images`, `image_noisy` and `image_aug`. */
  readonly pictures: readonly [StoredPicture, StoredPicture, StoredPicture];
}

/** A picture as the Python package `datasets` stores it. */
export interface StoredPicture {
  /** A PNG file. */
  readonly bytes: Uint8Array;
  /** A name for it. */
  readonly path: string;
}

const PICTURES = ["images", "image_noisy", "image_aug"] as const;

/** The features in the words that every version of `datasets` reads: its own name for lists changed in 4.0. */
const FEATURES = {
  ...Object.fromEntries(PICTURES.map((name) => [name, { feature: { _type: "Image" }, _type: "Sequence" }])),
  problem: { dtype: "string", _type: "Value" },
  answer: { dtype: "string", _type: "Value" },
};

/** A column of lists of `struct<bytes: binary, path: string>`. */
function pictureColumn(name: string) {
  return [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", num_children: 2 },
    { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
    { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  ] as const;
}

const SCHEMA = [
  { name: "schema", num_children: PICTURES.length + 2 },
  ...PICTURES.flatMap(pictureColumn),
  { name: "problem", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
  { name: "answer", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
] as const;

/** Rows in a row group: a reader holds one group's pictures at a time. */
const ROWS_PER_GROUP = 100;

/** Writes rows as one parquet file. Pictures are compressed already and stay as they are. */
export async function writeTripletParquet(file: string, rows: readonly TripletRow[]): Promise<void> {
  const { ByteWriter, parquetWrite } = await import("hyparquet-writer"); // loads where it is needed, and nowhere else
  const writer = new ByteWriter();
  await parquetWrite({
    writer,
    schema: [...SCHEMA],
    columnData: [
      ...PICTURES.map((name, at) => ({ name, data: rows.map(({ pictures }) => [pictures[at]]) })),
      { name: "problem", data: rows.map(({ problem }) => problem) },
      { name: "answer", data: rows.map(({ answer }) => answer) },
    ],
    codec: "UNCOMPRESSED",
    statistics: false,
    rowGroupSize: ROWS_PER_GROUP,
    kvMetadata: [{ key: "huggingface", value: JSON.stringify({ info: { features: FEATURES } }) }],
  });
  writeFileAtomic(file, writer.getBytes());
}
