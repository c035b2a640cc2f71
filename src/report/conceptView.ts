import { printableLine } from "../core/printable";
import type { CotRecord } from "../cot/records";
import type { Dataset } from "../data/dataset";
import { groupByClass } from "../data/fewshot";
import type { LabelledImage, SubCategory } from "../data/types";
import { html, pictureMarkup, pictureUrl, QUIET, type HtmlView, type Markup } from "./display/view";

/** Pictures of one class and the visual concepts that were chosen for each (Fig. 5). Plain JSON. */
export interface ClassConcepts {
  /** The class's name. */
  readonly label: string;
  readonly superCategory: string;
  /** What its pictures show, in words, where that is known. */
  readonly shows?: string;
  readonly pictures: readonly {
    readonly id: string;
    /** Its address: the pixels themselves (`pictureUrl`). */
    readonly picture: string;
    /** In the order in which they were chosen. */
    readonly concepts: readonly string[];
  }[];
}

/** Of each super-category the first class by id that has chains for two pictures or more, with all of these. */
export async function conceptsOf(
  records: readonly CotRecord[],
  { train, describe }: Pick<Dataset, "train" | "describe">,
): Promise<ClassConcepts[]> {
  const byImage = new Map(records.map((record) => [record.imageId, record]));
  const several = [...groupByClass(train.filter(({ id }) => byImage.has(id))).values()]
    .filter((images) => images.length > 1)
    .map((images) => ({ subCategory: (images[0] as LabelledImage).subCategory, images }))
    .sort((a, b) => (a.subCategory.id < b.subCategory.id ? -1 : 1));
  const firsts = several.filter(
    ({ subCategory: { superCategory } }, i) =>
      several.findIndex((other) => other.subCategory.superCategory === superCategory) === i,
  );
  const pictured = async (image: LabelledImage) => ({
    id: image.id,
    picture: await pictureUrl(await image.load()),
    concepts: byImage.get(image.id)?.concepts ?? [],
  });
  const shown = (of: SubCategory) => (describe === undefined ? {} : { shows: describe(of) });
  return Promise.all(
    firsts.map(async ({ subCategory, images }) => ({
      ...{ label: subCategory.name, superCategory: subCategory.superCategory, ...shown(subCategory) },
      pictures: await Promise.all(images.map(pictured)),
    })),
  );
}

const PICTURE = 130;

/** A row of pictures for each class, their concepts below them; bold are those that not every picture of the class has. */
export function conceptView(classes: readonly ClassConcepts[]): HtmlView {
  const note =
    "Shown: the first class by id of each super-category. Bold: chosen for some pictures of the class and not for all.";
  return {
    html: html`<div style="color:inherit;line-height:1.45">
      <div style="${QUIET};margin-bottom:12px">${note}</div>
      ${classes.map(classMarkup)}
    </div>`,
    text: `${[note, ...classes.map(textOf)].join("\n")}\n`,
  };
}

function classMarkup(of: ClassConcepts): Markup {
  const { label, superCategory, shows, pictures } = of;
  const described = shows === undefined ? superCategory : `${superCategory} · ${shows}`;
  const columns = pictures.map(
    ({ picture, concepts }) =>
      html`<div style="width:${PICTURE + 30}px">
        ${pictureMarkup(picture, PICTURE, `a picture of the class ${label}`)}
        <ul style="margin:6px 0 0;padding-left:1.2em">
          ${concepts.map((concept) => html`<li>${isShared(of, concept) ? concept : html`<b>${concept}</b>`}</li>`)}
        </ul>
      </div>`,
  );
  return html`<div style="margin-bottom:16px">
    <div style="font-weight:600">${label}</div>
    <div style="${QUIET};margin-bottom:6px">${described}</div>
    <div style="display:flex;flex-wrap:wrap;gap:16px">${columns}</div>
  </div>`;
}

function isShared({ pictures }: ClassConcepts, concept: string): boolean {
  return pictures.every(({ concepts }) => concepts.includes(concept));
}

function textOf({ label, superCategory, pictures }: ClassConcepts): string {
  const lines = pictures.map(({ id, concepts }) => `  ${id}: ${concepts.join(", ")}`);
  return [`${label} (${superCategory})`, ...lines].map(printableLine).join("\n");
}
