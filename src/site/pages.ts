import { METRICS, chainMetrics, type Metric } from "../eval/metrics";
import { EXPERIMENTS } from "../experiments";
import type { Described } from "../lab/experiment";
import { html, type Markup } from "../report/display/view";
import type { BrowsedRun } from "./answers";
import type { FoundFiles, FoundRun, FoundScorecard } from "./found";
import { countVerdicts, verdictsIn } from "../report/scorecard";
import { downloads, figureMarkup, link, SITE_TITLE, tableMarkup, withCode, type Page } from "./parts";
import { recordMarkup } from "./record";

/** The pages of the site: what is said on them, and in which order. */

const TABLE_FILES = ["csv", "json", "md", "tex"];
const FIGURE_FILES = ["svg", "png"];
const [SITE, CHARTS] = ["site.js", "plotly.min.js"];

/** The first page: what this is, how the paper's claims fare, and every experiment. */
export function indexPage(runs: readonly FoundRun[], scorecards: readonly FoundScorecard[]): Page {
  const at = "index.html";
  const missing = EXPERIMENTS.filter(({ id }) => !runs.some((run) => run.id === id));
  const ids = [...new Set(runs.map(({ id }) => id))];
  const body = html`<main id="main">
    <h1>${SITE_TITLE}: what the paper claims, and what came out</h1>
    <p class="lead">
      Fine-R1 teaches a vision-language model to tell apart things that look alike, from four pictures of each: first by
      imitating chains of thought, then by reinforcement learning on triplets of pictures. These pages show what came
      out when the paper’s experiments were made again in a mini-world: every table, every figure, and answers that you
      can read for yourself.
    </p>
    <p>
      A mini-world is generated: made-up classes, pictures drawn from five attributes, and a base model so small that
      two cores train it in minutes. It shows whether the mechanics of a method do what is claimed, and is no evidence
      about birds, cars or models of billions of parameters.
    </p>
    ${scorecards.filter(({ origin }) => origin === "record").map(countsMarkup)}
    <p>
      An interval says how far a number may lie from the truth; every table says over what it was taken, and how many
      seeds stand behind it. Click a heading to sort a table. <a href="glossary.html">The glossary</a> says what each
      metric counts, and <a href="answers.html">the answers</a> show pictures, questions and chains of thought, the base
      beside what was trained.
    </p>
    ${scorecards.map(verdictsMarkup)}
    <section aria-labelledby="experiments">
      <h2 id="experiments">Experiments</h2>
      ${ids.map((id) => entryMarkup(runs.filter((run) => run.id === id)))}
    </section>
    ${missing.length === 0 ? [] : missingMarkup(missing)}
    <footer class="quiet">
      Made by <code>npm run report</code> from the project’s recorded results; the same results give the same pages.
    </footer>
  </main>`;
  return { title: SITE_TITLE, at, scripts: [SITE], body };
}

/** How the paper's claims fare in the record, in a sentence. */
function countsMarkup({ tables }: FoundScorecard): Markup {
  const verdicts = tables[0] === undefined ? [] : verdictsIn(tables[0].table);
  if (verdicts.length === 0) return html``;
  return html`<p class="lead">Of the paper’s ${verdicts.length} claims: ${countVerdicts(verdicts)}.</p>`;
}

/** On the first page: the verdicts alone. */
function verdictsMarkup({ tables, files, origin, at }: FoundScorecard): Markup {
  const [first] = tables;
  if (first === undefined) return html``;
  const { name, table } = first;
  return html`<section aria-labelledby="${at}">
    <h2 id="${at}">${scorecardTitle({ origin, at })}</h2>
    ${tableMarkup(`${at}-${name}`, table, downloads(files, TABLE_FILES, name, `${at}/`))}
    <p><a href="${at}/index.html">What each verdict rests on</a></p>
  </section>`;
}

/** "The scorecard", or "The scorecard, made here (smoke)". */
function scorecardTitle({ origin, at }: Pick<FoundScorecard, "origin" | "at">): string {
  const [, of] = /scorecard\/(.*)/u.exec(at) ?? [];
  return `The scorecard${origin === "record" ? "" : ", made here"}${of === undefined ? "" : ` (${of})`}`;
}

/** The page of a scorecard: verdicts, and every difference behind them. */
export function scorecardPage(found: FoundScorecard): Page {
  const at = `${found.at}/index.html`;
  const title = scorecardTitle(found);
  const body = html`<main id="main">
    <p class="kicker"><a href="${link(at, "index.html")}">Experiments</a> / scorecard</p>
    <h1>${title}</h1>
    ${resultsMarkup(found)}
  </main>`;
  return { title, at, scripts: scriptsOf(found), body };
}

/** Tables, figures and pages of a folder. */
function resultsMarkup({ tables, figures, views, files }: FoundFiles): Markup {
  const pages = views.map(
    ({ name, title }) =>
      html`<p><a href="${name}.html">${title}</a></p>
        ${downloads(files, ["json"], name)}`,
  );
  const shown = [
    [
      "tables",
      "Tables",
      tables.map(({ name, table }) => tableMarkup(name, table, downloads(files, TABLE_FILES, name))),
    ],
    ["pages", "Pages", pages],
    ["figures", "Figures", figures.map((one) => figureMarkup(one, downloads(files, FIGURE_FILES, one.name)))],
  ] as const;
  const sections = shown.map(([id, title, contents]) =>
    contents.length === 0
      ? html``
      : html`<section aria-labelledby="${id}">
          <h2 id="${id}">${title}</h2>
          ${contents}
        </section>`,
  );
  return html`${sections}`;
}

function scriptsOf({ figures }: Pick<FoundFiles, "figures">): string[] {
  return figures.some(({ chart }) => chart !== undefined) ? [CHARTS, SITE] : [SITE];
}

/** An experiment on the first page, with the runs of all profiles. */
function entryMarkup(runs: readonly FoundRun[]): Markup {
  const [first] = runs;
  const title = first?.experiment?.title ?? first?.id ?? "";
  const claim = first?.experiment?.claim;
  const lines = runs.map(
    (run) =>
      html`<li>
        <a href="${run.at}/index.html">${runName(run)}</a>: ${cameOut(run) ?? "tables and figures."}
        <span class="quiet">${countsOf(run)}</span>
      </li>`,
  );
  return html`<section class="entry">
    <h3><a href="${first === undefined ? "" : `${first.at}/index.html`}">${title}</a></h3>
    ${claim === undefined ? [] : html`<p><span class="label">Claim</span> ${claim}.</p>`}
    <ul>
      ${lines}
    </ul>
  </section>`;
}

function missingMarkup(missing: readonly { readonly id: string; readonly title: string }[]): Markup {
  const lines = missing.map(({ id, title }) => html`<li>${title}: <code>npx fine-r1 run ${id} --all</code></li>`);
  return html`<section aria-labelledby="missing">
    <h2 id="missing">Not recorded</h2>
    <p>What you make yourself is shown here by <code>npm run report -- --mine</code>.</p>
    <ul>
      ${lines}
    </ul>
  </section>`;
}

/** Verdicts and headline, as far as there are any. */
function cameOut({ verdicts, headline }: FoundRun): string | undefined {
  const told = [verdicts === undefined ? undefined : `Its claims: ${verdicts}.`, headline];
  return told.filter((text) => text !== undefined).join(" ") || undefined;
}

/** "mini", or "smoke, made here". */
function runName({ profileName, origin }: FoundRun): string {
  return `profile ${profileName}${origin === "record" ? "" : ", made here"}`;
}

function countsOf({ kept, tables, figures }: FoundRun): string {
  const seeds = new Set(kept?.made.map(({ seed }) => seed)).size;
  const methods = new Set(kept?.made.map(({ method }) => method)).size;
  const told = kept === undefined ? [] : [count(methods, "method"), count(seeds, "seed")];
  return `(${[...told, count(tables.length, "table"), count(figures.length, "figure")].join(", ")})`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** The page of an experiment in one profile. @param asked whether its answers have a page too */
export function runPage(run: FoundRun, others: readonly FoundRun[], browsed: BrowsedRun | undefined): Page {
  const { id, experiment, profile, tables, figures } = run;
  const out = cameOut(run);
  const at = `${run.at}/index.html`;
  const title = experiment?.title ?? id;
  const siblings = others.map((other) => html`<a href="${link(at, other.at)}/index.html">${runName(other)}</a> `);
  const jumps = [
    ...(tables.length === 0 ? [] : [html`<a href="#tables">Tables</a>`]),
    ...(figures.length === 0 ? [] : [html`<a href="#figures">Figures</a>`]),
    html`<a href="#record">How it was made</a>`,
    ...(browsed?.book === undefined ? [] : [html`<a href="answers.html">Answers</a>`]),
  ];
  const body = html`<main id="main">
    <p class="kicker"><a href="${link(at, "index.html")}">Experiments</a> / ${runName(run)}</p>
    <h1>${title}</h1>
    ${experiment === undefined ? html`<p>The code has no experiment of this name any more.</p>` : html`<p class="lead"><span class="label">What the paper says</span> ${experiment.claim}.</p>`}
    ${out === undefined ? [] : html`<p class="lead"><span class="label">What came out</span> ${out}</p>`}
    ${profile === undefined ? [] : html`<p class="quiet">Profile ${profile.name}: ${profile.description}.</p>`}
    ${siblings.length === 0 ? [] : html`<p class="quiet">Also: ${siblings}</p>`}
    <nav class="jumps" aria-label="on this page">${jumps}</nav>
    ${resultsMarkup(run)} ${recordMarkup(run)}
  </main>`;
  return { title: `${title}, ${runName(run)}`, at, scripts: scriptsOf(run), body };
}

/** The list of pages of answers, and how those are made that are not there. */
export function answersPage(browsed: readonly BrowsedRun[]): Page {
  const entries = browsed.map(({ run, book, reason, command }) => {
    const called = `${run.experiment?.title ?? run.id}, ${runName(run)}`;
    if (book === undefined)
      return html`<li>${called}: none here, since ${reason}. To make them: <code>${command}</code></li>`;
    const { pictures, models } = book;
    return html`<li>
      <a href="${run.at}/answers.html">${called}</a>
      <span class="quiet">(${pictures.length} pictures; ${models.map(({ title }) => title).join(", ")})</span>
    </li>`;
  });
  const body = html`<main id="main">
    <h1>Answers</h1>
    <p class="lead">
      What the models were asked and what they said, picture by picture: every step of a chain of thought is marked by
      itself, and two models stand side by side.
    </p>
    <p>
      Shown is the first test picture of every class, whatever was answered to it, with the profile’s seed. Answers are
      not part of the recorded results: they are taken from your own <code>runs/store</code>, where a run leaves them.
    </p>
    <ul class="list">
      ${entries}
    </ul>
  </main>`;
  return { title: "Answers", at: "answers.html", scripts: [], body };
}

/** What every metric counts. */
export function glossaryPage(steps: readonly string[]): Page {
  const chains = chainMetrics({ steps, mark: () => undefined });
  const measured = EXPERIMENTS.flatMap(({ analyses = [] }) => analyses.flatMap(({ metrics }) => metrics));
  const analysed = [...new Map(measured.map((metric) => [metric.name, metric])).values()];
  const body = html`<main id="main">
    <h1>Glossary</h1>
    <p class="lead">
      What the numbers in the tables count: of answers and chains a mean over answers, in per cent of them unless a
      table says otherwise.
    </p>
    <h2>Of answers</h2>
    <dl class="glossary">${METRICS.map(metricMarkup)}</dl>
    <h2>Of chains of thought</h2>
    <p>
      Where every step of a chain can be checked, an answer counts once: as right, as malformed, or at the first step
      that is wrong. The steps are those of the mini-world.
    </p>
    <dl class="glossary">${chains.map(metricMarkup)}</dl>
    <h2>Of models, their states and other questions</h2>
    <dl class="glossary">${analysed.map(metricMarkup)}</dl>
    <h2>Of tables</h2>
    <dl class="glossary">
      ${WORDS.map(
        ([word, meaning]) =>
          html`<dt>${word}</dt>
            <dd>${meaning}</dd>`,
      )}
    </dl>
  </main>`;
  return { title: "Glossary", at: "glossary.html", scripts: [], body };
}

function metricMarkup({ name, title, help, settings }: Described & Partial<Pick<Metric, "settings">>): Markup {
  const where = settings === undefined ? [] : html` <span class="quiet">${settings.join(" and ")} world</span>`;
  return html`<dt id="${name.replaceAll(" ", "-")}">${title}${where}</dt>
    <dd>${withCode(help)} <span class="quiet">(<code>${name}</code>)</span></dd>`;
}

const WORDS = [
  ["seen, unseen", "classes with training pictures, and classes that are only tested (base and new)"],
  ["closed, open world", "questions that offer four names, and questions that offer none"],
  ["mean over the domains", "each domain (bird, car, …) counts alike, however many items it has"],
  [
    "66.1 +3.9 −4.9, 66.1 ± 4.9, 66.1 [61.2, 70.0]",
    "a value with its 95 % interval: over test items, or over seeds where a table has a mean of several",
  ],
  ["† ‡", "numbers from results/, and from an earlier run: a table says so below"],
] as const;
