import { LabError } from "../../core/errors";
import type { RgbImage } from "../../core/image";
import { encodePng } from "../../core/png";
import { IMAGE_MARKER, type Prompt } from "../contract";

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

/** A message of the chat completions API. */
export interface WireMessage {
  readonly role: string;
  readonly content: string | readonly Part[];
}

/** Pictures as data URLs: one is asked about several times. */
const drawn = new WeakMap<RgbImage, Promise<string>>();

/**
 * A prompt's messages, each picture as a PNG (so that the server sees every pixel as it is) where its marker stands.
 * @throws LabError when the messages mark another number of images
 */
export async function wireMessages({ messages, images }: Prompt): Promise<WireMessage[]> {
  const marks = messages.reduce((sum, { content }) => sum + content.split(IMAGE_MARKER).length - 1, 0);
  if (marks !== images.length) {
    const remedy = `Write ${IMAGE_MARKER} once for each image, where it should stand.`;
    throw new LabError(`the prompt marks ${marks} images and brings ${images.length}`, remedy, { subject: "prompt" });
  }
  const urls = await Promise.all(images.map(dataUrl));
  let next = 0;
  return messages.map(({ role, content }) => {
    const [first = "", ...rest] = content.split(IMAGE_MARKER);
    if (rest.length === 0) return { role, content };
    const parts = [...textPart(first), ...rest.flatMap((text) => [imagePart(urls[next++] ?? ""), ...textPart(text)])];
    return { role, content: parts };
  });
}

function dataUrl(image: RgbImage): Promise<string> {
  const known = drawn.get(image);
  if (known !== undefined) return known;
  const url = encodePng(image).then((png) => `data:image/png;base64,${png.toString("base64")}`);
  drawn.set(image, url);
  return url;
}

function textPart(text: string): Part[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function imagePart(url: string): Part {
  return { type: "image_url", image_url: { url } };
}
