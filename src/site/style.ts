import { ANSWERS_STYLE } from "../report/browse/style";
import { VERDICT_COLOURS } from "../report/scorecard";

/** The look of the site: one quiet column of text, tables and figures a little wider, light or dark as the reader's system is. */
const PAGES = `
:root { color-scheme: light dark; --paper: #fdfcfa; --card: #f4f2ee; --ink: #22252a; --quiet: #5f625f; --line: #d9d5cd;
  --link: #0b5a86; --right: #1a6b2f; --wrong: #b3261e; --focus: #0b63ce;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Georgia, "DejaVu Serif", serif;
  --sans: "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --card: #1f2226; --ink: #e4e2dc; --quiet: #a3a49f;
  --line: #3a3d42; --link: #7dbbe0; --right: #7ddc8f; --wrong: #ff9a8f; --focus: #7ab8ff; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 66rem; padding: 0 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 18px/1.55 var(--serif); }
h1, h2, h3 { line-height: 1.2; font-weight: 600; text-wrap: balance; }
h1 { font-size: 2.1rem; margin: 0.4em 0 0.6em; letter-spacing: -0.01em; }
h2 { font-size: 1.4rem; margin: 2.6em 0 0.8em; }
h3 { font-size: 1.1rem; margin: 0 0 0.5em; }
p, dl, .list, .entry ul { max-width: 42rem; margin: 0 0 0.9em; }
a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
code { font: 0.85em/1.4 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.quiet, .kicker, .jumps, footer { color: var(--quiet); font: 0.85rem/1.5 var(--sans); }
.lead { font-size: 1.1rem; }
.label { display: block; color: var(--quiet); font: 600 0.75rem/1.8 var(--sans); letter-spacing: 0.04em; text-transform: uppercase; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--paper); padding: 0.3rem 0.6rem; z-index: 2; }
.top { display: flex; flex-wrap: wrap; gap: 0.2rem 2rem; align-items: baseline; padding: 1.1rem 0 0.8rem; margin-bottom: 2rem;
  border-bottom: 1px solid var(--line); font: 0.9rem/1.5 var(--sans); }
.top .name { color: var(--ink); font-weight: 600; text-decoration: none; margin-right: auto; }
.top nav, .jumps { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; }
.top nav a { text-decoration: none; }
.top [aria-current] { color: var(--ink); border-bottom: 2px solid var(--ink); }
.kicker { margin: 0; }
footer { margin-top: 4rem; padding-top: 0.8rem; border-top: 1px solid var(--line); }
.entry { margin: 0 0 2rem; }
.entry ul, .list { padding-left: 1.1rem; }
.entry li, .list li { margin-bottom: 0.3em; }
.entry .label { display: inline; margin-right: 0.4em; }
.result { margin: 0 0 3rem; }
.scroll { overflow-x: auto; max-width: 100%;
  background: linear-gradient(90deg, var(--paper) 30%, transparent) left / 40px 100% no-repeat local,
    linear-gradient(270deg, var(--paper) 30%, transparent) right / 40px 100% no-repeat local,
    linear-gradient(90deg, rgba(110,110,110,0.35), transparent) left / 10px 100% no-repeat scroll,
    linear-gradient(270deg, rgba(110,110,110,0.35), transparent) right / 10px 100% no-repeat scroll; }
table { border-collapse: collapse; font: 0.83rem/1.4 var(--sans); font-variant-numeric: tabular-nums;
  border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); margin: 0.2rem 0; }
th, td { padding: 0.32rem 0.7rem; text-align: left; vertical-align: top; font-weight: 400; white-space: nowrap; }
.number { text-align: right; }
.long { white-space: normal; min-width: 22em; }
th[scope="colgroup"] { text-align: center; border-bottom: 1px solid var(--line); color: var(--quiet); white-space: normal; min-width: 9em; }
thead tr:last-child > * { border-bottom: 1px solid var(--ink); vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:hover > * { background: color-mix(in srgb, var(--ink) 6%, transparent); }
th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer;
  text-align: inherit; white-space: normal; min-height: 1.6em; }
th button::after { content: "↕"; margin-left: 0.3em; opacity: 0.3; font-weight: 400; }
th[aria-sort="ascending"] button::after { content: "↑"; opacity: 1; }
th[aria-sort="descending"] button::after { content: "↓"; opacity: 1; }
@media (min-width: 68rem) { .scroll { width: max-content; min-width: 100%; max-width: calc(50vw + 29rem); } }
sup { font-size: 0.8em; line-height: 0; }
.notes { color: var(--quiet); font: 0.82rem/1.5 var(--sans); margin-top: 0.5rem; }
.notes p { max-width: 48rem; margin-bottom: 0.35em; }
.files a { margin-left: 0.35em; }
.chart img { display: block; }
@media (prefers-color-scheme: dark) { .chart img { background: #fff; border-radius: 4px; } }
.facts, .glossary { display: grid; grid-template-columns: max-content 1fr; gap: 0.35rem 1.2rem; max-width: 52rem; }
.facts { font: 0.85rem/1.5 var(--sans); }
.facts dt { color: var(--quiet); }
.glossary dt { font-weight: 600; max-width: 15rem; }
.glossary dt .quiet { display: block; font-weight: 400; }
dd { margin: 0; overflow-wrap: anywhere; }
.wide { font-family: var(--sans); font-size: 16px; line-height: 1.45; }
.wide :is(h2, h3, p) { margin: 0; max-width: none; }
.wide h2 { font-size: 1.1rem; }
.wide h3 { font-size: 0.95rem; }
@media (max-width: 40rem) { body { padding: 0 1rem 3rem; font-size: 17px; } h1 { font-size: 1.7rem; }
  .top { margin-bottom: 1.2rem; }
  .sortable tbody th { position: sticky; left: 0; min-width: 7.5rem; max-width: 9.5rem; white-space: normal; background: var(--paper); }
  .top .name { flex-basis: 100%; }
  .facts, .glossary { grid-template-columns: 1fr; gap: 0; } .facts dd, .glossary dd { margin-bottom: 0.7rem; } }
@media print { .top, .jumps, .files { display: none; } }
`;

/** A dot of its colour before every verdict. */
const VERDICTS = Object.entries(VERDICT_COLOURS).map(
  ([verdict, colour]) => `td[data-value="${verdict}"]::before { content: "●\\2002"; color: ${colour}; }\n`,
);

/** The site's one style sheet. */
export const SITE_STYLE = PAGES + VERDICTS.join("") + ANSWERS_STYLE;
