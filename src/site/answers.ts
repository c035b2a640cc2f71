import { LabError } from "../core/errors";
import { silent } from "../core/progress";
import { answeredMethods } from "../lab/finished";
import { labOf, type Lab } from "../lab/lab";
import type { Profile } from "../lab/profile";
import { html } from "../report/display/view";
import { answerBook, type AnswerBook } from "../report/browse/book";
import { answersMarkup } from "../report/browse/page";
import type { FoundRun } from "./found";
import { link, type Page } from "./parts";

/** A run with the answers that the store has of it, or why it has none. */
export interface BrowsedRun {
  readonly run: FoundRun;
  readonly book: AnswerBook | undefined;
  /** Completes "none here, since …". */
  readonly reason: string;
  /** What makes them. */
  readonly command: string;
}

/** Opens the profile of each run once; an error is kept as well. */
export function labs(): (profile: Profile) => Promise<Lab> {
  const opened = new Map<string, Promise<Lab>>();
  return (profile) => {
    const lab = opened.get(profile.name) ?? labOf(profile, { progress: silent, models: "recalled" });
    opened.set(profile.name, lab);
    return lab;
  };
}

/**
 * What is in the store of a run's answers: of every class the first test picture, with the profile's seed.
 * @param keep keeps a picture, and says where the site has it
 * @returns undefined for an experiment that analyses its models, and asks them nothing
 */
export async function browseRun(
  run: FoundRun,
  lab: (profile: Profile) => Promise<Lab>,
  keep: (webp: Buffer) => string,
): Promise<BrowsedRun | undefined> {
  const { id, experiment, profile, profileName } = run;
  if (experiment?.ask.length === 0) return undefined;
  const words = profileName === "mini" ? "" : ` -p ${profileName}`;
  const none = { run, book: undefined, command: `npx fine-r1 run ${id}${words} --all && npm run report` };
  if (experiment === undefined) return { ...none, reason: "the code has no such experiment any more" };
  if (profile === undefined)
    return { ...none, reason: "its profile was changed by --set", command: `npx fine-r1 browse ${id} --set …` };
  try {
    const opened = await lab(profile);
    const { asked, missing } = await answeredMethods(opened, experiment, [profile.seed]);
    if (asked.length === 0) return { ...none, reason: "the store has none with today’s settings" };
    const { dataset } = opened;
    const { superCategory } = profile.evaluation;
    const title = `${experiment.title}, profile ${profileName}`;
    const book = await answerBook(
      { title, dataset, asked, leftOut: missing, superCategory },
      dataset.subCategories.length,
      (webp) => link(`${run.at}/answers.html`, keep(webp)),
    );
    return { ...none, book, reason: "" };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { ...none, reason: `the profile cannot be opened (${error.reason})` };
  }
}

/** The page of a run's answers: the last model that reasons, beside the first, which is the base. */
export function browsePage(run: FoundRun, book: AnswerBook): Page {
  const at = `${run.at}/answers.html`;
  const body = html`<div id="main" class="wide">
    <p class="kicker">
      <a href="${link(at, "answers.html")}">Answers</a> / <a href="index.html">${run.experiment?.title ?? run.id}</a>
    </p>
    <h1>${book.title}</h1>
    ${answersMarkup(book, book.models[0]?.key)}
  </div>`;
  return { title: `Answers of ${book.title}`, at, scripts: ["answers.js"], body };
}
