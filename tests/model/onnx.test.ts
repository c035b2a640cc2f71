import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { readJson, writeJson } from "../../src/core/files";
import { OnnxEncoder } from "../../src/model/onnx/encoder";
import { onnxFiles } from "../../src/model/onnx/folder";
import { parseEncoderImages, pixelsOf } from "../../src/model/onnx/imageProcessor";
import { textRows, type Tokenizer } from "../../src/model/onnx/texts";
import { requireCan } from "../../src/model/open";
import { resizeImage } from "../../src/model/qwen/imageProcessorResize";
import { temporaryFolder } from "../data/folderFixture";
import { drawn, furthest, greyDigest, readExpected, RECORDED, unpackEncoder } from "./encoderFixture";

describe.each(["clip", "siglip2"] as const)("a recorded %s", (name) => {
  const folder = unpackEncoder(name, path.join(temporaryFolder(), name));
  const { sizes, texts, grey, images, encoded } = readExpected(path.join(RECORDED, `${name}.json`));
  const pictures = drawn(sizes);

  it("prepares pictures as the Python library does, to the byte", () => {
    const settings = path.join(folder, "preprocessor_config.json");
    expect(pictures.map((picture) => greyDigest(picture, settings))).toEqual(grey);
  });

  it("gives the Python library's vectors, of a text that is too long as well", async () => {
    const encoder = new OnnxEncoder(folder);
    expect(encoder.name).toBe(name);
    // values of up to 2.5; 3.1e-6 measured
    expect(furthest(await encoder.encodeImages(pictures), images)).toBeLessThan(1e-5);
    expect(furthest(await encoder.encodeTexts(texts), encoded)).toBeLessThan(1e-5);
    expect(await encoder.encodeTexts([])).toEqual([]);
    encoder.dispose();
  });

  it("names the files that decide its vectors", () => {
    expect(onnxFiles(folder).map((file) => path.relative(folder, file))).toEqual([
      ...["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"],
      ...["onnx/text_model.onnx", "onnx/vision_model.onnx"],
    ]);
  });
});

describe("a folder that is no encoder", () => {
  const changed = (change: (folder: string) => void): string => {
    const folder = unpackEncoder("clip", path.join(temporaryFolder(), "clip"));
    change(folder);
    return folder;
  };
  const set =
    (file: string, change: object) =>
    (folder: string): void => {
      const at = path.join(folder, file);
      writeJson(at, { ...(readJson(at) as object), ...change });
    };
  const configured = (config: object): string => changed((folder) => { writeJson(path.join(folder, "config.json"), config); }); // prettier-ignore

  it("names every file that is missing, and how to get them", () => {
    const folder = changed((at) => {
      fs.rmSync(path.join(at, "onnx", "vision_model.onnx"));
      fs.rmSync(path.join(at, "tokenizer.json"));
      writeJson(path.join(at, "config.json"), {
        model_type: "clip",
        _name_or_path: "openai/clip-vit-large-patch14-336",
      });
    });
    expect(() => new OnnxEncoder(folder)).toThrow(/lacks tokenizer.json, onnx\/vision_model.onnx\. .*fine-r1 models.*export_encoder.py.*names openai\/clip-vit-large-patch14-336/u); // prettier-ignore
    expect(() => new OnnxEncoder(path.join(folder, "nowhere"))).toThrow(/nowhere: the encoder is not there\. .*export_encoder.py/u); // prettier-ignore
  });

  it("is refused where its pictures may have any shape, where it is no ONNX file, and where it is to answer questions", async () => {
    expect(() => new OnnxEncoder(configured({ model_type: "siglip2" }))).toThrow(/NaFlex.*siglip2-large-patch16-384/u);
    const broken = changed((at) => { fs.writeFileSync(path.join(at, "onnx", "text_model.onnx"), "x"); }); // prettier-ignore
    await expect(new OnnxEncoder(broken).encodeTexts(["tern"])).rejects.toThrow(/text_model.onnx cannot be loaded/u);
    expect(() => {
      requireCan("onnx:models/clip", ["generate"]);
    }).toThrow(/engine "onnx", which cannot answer questions/u);
  });

  it("has towers that are each other's, or take another picture or fewer words: names the file, and prints no tensors", async () => {
    const at = (file: string) => (folder: string) => path.join(folder, "onnx", `${file}_model.onnx`);
    const [text, vision] = [at("text"), at("vision")];
    const twice = changed((folder) => { fs.copyFileSync(text(folder), vision(folder)); }); // prettier-ignore
    const swapped = changed((folder) => { fs.copyFileSync(vision(folder), text(folder)); }); // prettier-ignore
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const picture = { width: 2, height: 2, data: new Uint8Array(12) };
    await expect(new OnnxEncoder(twice).encodeImages([picture])).rejects.toThrow(/vision_model\.onnx wants input_ids.*: pixel_values is\. Put each tower under its own name/u); // prettier-ignore
    await expect(new OnnxEncoder(swapped).encodeTexts(["tern"])).rejects.toThrow(
      /text_model\.onnx wants pixel_values/u,
    );
    const larger = changed(set("preprocessor_config.json", { size: 40, crop_size: { width: 40, height: 40 } }));
    await expect(new OnnxEncoder(larger).encodeImages([picture])).rejects.toThrow(/vision_model\.onnx cannot be run \(.*take all files of one encoder/su); // prettier-ignore
    const beyond = changed((folder) => {
      const file = path.join(folder, "tokenizer.json");
      const { model, ...rest } = readJson(file) as { model: { vocab: Record<string, number> } };
      const vocab = Object.fromEntries(Object.entries(model.vocab).map(([word, id]) => [word, id + 100_000]));
      writeJson(file, { ...rest, model: { ...model, vocab } });
    });
    const error: unknown = await new OnnxEncoder(beyond).encodeTexts(["tern"]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LabError);
    expect(String(error)).toMatch(/text_model\.onnx cannot be run/u);
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  it("gives vectors that no cosine can be taken of: they are no answers", async () => {
    const picture = { width: 2, height: 2, data: new Uint8Array(12) };
    const huge = changed(set("preprocessor_config.json", { image_std: [1e-300, 1, 1] }));
    await expect(new OnnxEncoder(huge).encodeImages([picture])).rejects.toThrow(/clip: gives a picture a vector with NaN at place 0\. Its weights are ruined/u); // prettier-ignore
    const flat = changed(set("preprocessor_config.json", { image_std: [0, 0, 0] }));
    expect(() => new OnnxEncoder(flat)).toThrow(/preprocessor_config\.json: key image_std/u);
    const mute = changed(set("tokenizer.json", { model: { type: "BPE", vocab: {}, merges: [] } }));
    await expect(new OnnxEncoder(mute).encodeTexts(["tern"])).rejects.toThrow(/tokenizer\.json: has no words: its vocabulary is empty/u); // prettier-ignore
  });

  it("has settings of pictures that name what they ask for and is not supported", () => {
    const file = "preprocessor_config.json";
    const settings = readJson(path.join(unpackEncoder("clip", temporaryFolder()), file)) as object;
    const parse = (change: object): unknown => parseEncoderImages({ ...settings, ...change }, file);
    expect(() => parse({ resample: 1 })).toThrow(/preprocessor_config.json: key resample/u);
    expect(() => parse({ do_normalize: false })).toThrow(/key do_normalize/u);
    expect(() => parse({ crop_size: null })).toThrow(/do_center_crop is true and crop_size is missing/u);
    expect(parse({ size: 30, crop_size: 28 })).toMatchObject({ size: 30, crop: { width: 28, height: 28 } });
  });
});

describe("pixelsOf", () => {
  const plain = { filter: "bilinear", rescaleFactor: 1, mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
  const image = { width: 2, height: 2, data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) };

  it("puts the channels one after the other, and black where the crop is larger than the picture", () => {
    const { data } = pixelsOf([image], { ...plain, size: { width: 2, height: 2 }, crop: { width: 4, height: 2 } });
    // red of both rows, a black column on either side: 0 1 4 0 / 0 7 10 0
    expect([...data.slice(0, 8)]).toEqual([0, 1, 4, 0, 0, 7, 10, 0]);
    expect([...data.slice(8, 12)]).toEqual([0, 2, 5, 0]);
  });

  it("resizes with PIL's triangle: to one pixel it is the mean", () => {
    // widened to the whole picture, both pixels weigh the same: (1 + 4 + 7 + 10) / 4 = 5.5, rounded up pass by pass
    expect([...resizeImage(image, 1, 1, "bilinear").data]).toEqual([6, 7, 8]);
  });
});

describe("textRows", () => {
  /** A word is a token, its length its id; 100 begins and 101 ends a text, 0 fills up. */
  const tokenizer = (padding_side: "left" | "right"): Tokenizer => ({
    encode: (text, { add_special_tokens: marks = true } = {}) => {
      const words = text.split(" ").map((word) => word.length);
      return marks ? [100, ...words, 101] : words;
    },
    ...{ pad_token_id: 0, padding_side, model_max_length: 1e30 },
  });
  const numbers = (values: BigInt64Array): number[] => [...values].map(Number);

  it("cuts a long text and keeps both marks, and fills up short ones", () => {
    const { ids, mask, length } = textRows(tokenizer("right"), ["a bb ccc dddd", "a"], 5, false);
    expect(length).toBe(5);
    expect(numbers(ids)).toEqual([100, 1, 2, 3, 101, 100, 1, 101, 0, 0]);
    expect(numbers(mask)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  });

  it("fills up to the bound where it must, on the tokenizer's side", () => {
    const { ids, mask } = textRows(tokenizer("left"), ["a bb"], 6, true);
    expect(numbers(ids)).toEqual([0, 0, 100, 1, 2, 101]);
    expect(numbers(mask)).toEqual([0, 0, 1, 1, 1, 1]);
  });
});
