/** The look of the page of answers: one column on a phone, light or dark as the reader's system is. */
const PAGE = `
:root { color-scheme: light dark; --paper: #fff; --card: #f6f7f9; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de;
  --right: #1a6b2f; --wrong: #b3261e; --focus: #0b63ce; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1e2228; --ink: #e6e9ed; --quiet: #a3adb8;
  --line: #3a424c; --right: #7ddc8f; --wrong: #ff9a8f; --focus: #7ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0; }
h2, h3, p { margin: 0; }
h2 { font-size: 1.1rem; }
h3 { font-size: 0.95rem; font-weight: 600; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
@media (max-width: 40rem) { body { padding: 0.6rem; } }
`;

/** Of the filters and the answers themselves, wherever they stand; it takes its colours from the page. */
export const ANSWERS_STYLE = `
.quiet { color: var(--quiet); font-size: 0.9rem; overflow-wrap: anywhere; }
#filters { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: end;
  padding: 0.75rem 0; margin-bottom: 0.75rem; background: var(--paper); border-bottom: 1px solid var(--line); }
#filters label { display: grid; font-size: 0.85rem; color: var(--quiet); }
#filters :is(select, input, button) { font: inherit; font-size: 0.9rem; color: var(--ink); background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; padding: 0.3rem 0.5rem; min-height: 2.25rem; max-width: 100%; }
#filters select:disabled { opacity: 0.5; }
#count { flex-basis: 100%; font-variant-numeric: tabular-nums; }
article:focus { outline: 3px solid var(--focus); outline-offset: 2px; }
article { display: grid; grid-template-columns: 120px 1fr; gap: 0.5rem 1rem; padding: 0.75rem; margin-bottom: 0.75rem;
  background: var(--card); border: 1px solid var(--line); border-radius: 8px; scroll-margin-top: 12rem;
  content-visibility: auto; contain-intrinsic-block-size: auto 16rem; }
article img { width: 120px; height: auto; border-radius: 4px; grid-row: span 2; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0.75rem 1.5rem; min-width: 0; }
.answer { min-width: 0; }
.mark { font-weight: 700; margin-right: 0.35rem; }
.right { color: var(--right); }
.wrong, .why { color: var(--wrong); }
.chain { margin: 0.35rem 0 0; padding: 0; list-style: none; font-size: 0.9rem; }
.chain li { display: grid; grid-template-columns: 5.5rem 1fr; padding: 0.1rem 0; overflow-wrap: anywhere; }
.kind { color: var(--quiet); }
.step { display: inline-block; margin-right: 0.75rem; }
.answer pre { margin: 0.35rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.85rem; }
@media (max-width: 40rem) { #filters { position: static; }
  #filters label { flex: 1 1 40%; } article { grid-template-columns: 72px 1fr; scroll-margin-top: 1rem; }
  article img { width: 72px; grid-row: auto; } .sides { grid-column: 1 / -1; } }
`;

export const STYLE = PAGE + ANSWERS_STYLE;
