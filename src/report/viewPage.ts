import * as path from "node:path";
import { requireSlug } from "../config/slug";
import { writeFileAtomic, writeJson } from "../core/files";
import type { HtmlView } from "./display/view";
import { escapeHtml } from "./table/html";

/** A view as a page of its own, and what it shows as plain JSON. */
export interface View {
  readonly title: string;
  readonly view: HtmlView;
  readonly data: unknown;
}

/**
 * Writes `name.html`, a page that needs nothing else and runs no script, and `name.json` into a folder, each whole or not at all.
 * @returns their paths
 */
export function exportView({ title, view, data }: View, folder: string, name: string): string[] {
  requireSlug(name, "a view");
  const [page, json] = [path.join(folder, `${name}.html`), path.join(folder, `${name}.json`)];
  writeFileAtomic(page, pageOf(title, view));
  writeJson(json, data);
  return [page, json];
}

const STYLE =
  ":root{color-scheme:light dark}body{margin:0 auto;max-width:76rem;padding:1rem;font:16px/1.45 system-ui,sans-serif}h1{font-size:1.35rem;margin:0 0 0.75rem}";

function pageOf(title: string, { html }: HtmlView): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    "</head>",
    "<body>",
    `<h1>${escapeHtml(title)}</h1>`,
    html.source,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
