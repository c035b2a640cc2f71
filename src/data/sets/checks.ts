import * as path from "node:path";
import { LabError } from "../../core/errors";
import { briefly } from "../../core/printable";
import { classNameSchema } from "../folder/classes";
import type { PictureSet, SetListing } from "./listing";

/** @throws LabError where lists have no picture, or a class of no name that can be asked for and answered */
export function requireNamed({ classes, pictures }: SetListing, root: string, { published }: PictureSet): void {
  const wrong = classes.flatMap(({ key, name }) => {
    const issue = classNameSchema.safeParse(name).error?.issues[0];
    return issue === undefined ? [] : [`the name of its class "${briefly(key)}" ${issue.message}`];
  });
  const [reason] = pictures.length === 0 ? ["its lists name no picture"] : wrong;
  if (reason !== undefined) throw new LabError(reason, `Unpack them again. ${published}`, { subject: root });
}

/** @throws LabError for a picture that lists name twice, which may be trained on and tested with, or outside of the set's folder */
export function requireOnce({ pictures }: SetListing, root: string, { published }: PictureSet): void {
  const files = new Set<string>();
  for (const { file } of pictures) {
    const name = path.posix.normalize(file);
    const wrong = files.has(name) ? "twice" : name.startsWith("..") ? "which is not in the set's folder" : undefined;
    if (wrong !== undefined) {
      const reason = `its lists name ${briefly(file)}${wrong === "twice" ? " " : ", "}${wrong}`;
      throw new LabError(reason, `Unpack them again. ${published}`, { subject: root });
    }
    files.add(name);
  }
}
