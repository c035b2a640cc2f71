import type { MadeBy } from "../lab/kept";
import { html, type Markup } from "../report/display/view";
import type { FoundRun } from "./found";

/** What the tables are made from, and how that was made. */
const RAW = ["measurements.json", "outcomes.json", "run.json"];

/** How a run's numbers were made: seeds, machine, commit and time, and the files to check them with. */
export function recordMarkup({ record, kept, files }: FoundRun): Markup {
  const facts: readonly (readonly [string, string])[] = record === undefined ? [] : [
    ["Command", `npx fine-r1 ${record.command.join(" ")}`],
    ["Seeds", record.seeds.join(", ")],
    ["Made", `${minute(record.startedAt)} to ${minute(record.finishedAt)} UTC, ${duration(record.seconds)}`],
    ["Machine", machineText(record.machine, record.workers)],
    ["Arithmetic", `${record.numerics.mode}, digest ${record.numerics.digest}`],
    ["Commit", record.git === null ? "none: made outside of a checkout" : record.git.commit + (record.git.dirty ? ", with changes" : "")],
    ...(record.before ?? []).map((one): [string, string] => [
      "Rows of before", `npx fine-r1 ${one.command.join(" ")} (${minute(one.startedAt)} UTC, commit ${one.git?.commit ?? "none"})`]),
    ["Versions", Object.entries(record.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
  ]; // prettier-ignore
  const exported = /\.(csv|json|md|tex|svg|png|html)$/u; // beside their tables and figures
  const others = files.filter((name) => RAW.includes(name) || !exported.test(name));
  const link = (name: string): Markup => html`<li><a href="${name}">${name}</a></li>`;
  return html`<section aria-labelledby="record">
    <h2 id="record">How it was made</h2>
    <dl class="facts">
      ${facts.map(
        ([name, text]) =>
          html`<dt>${name}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>
    ${kept === undefined ? [] : madeMarkup(kept.made)}
    <ul class="list">
      ${others.map(link)}
    </ul>
  </section>`;
}

/** Which methods were made with which seeds, on which processor. */
function madeMarkup(made: readonly MadeBy[]): Markup {
  const methods = [...new Set(made.map(({ method }) => method))];
  const rows = methods.map((method) => {
    const own = made.filter((by) => by.method === method);
    const of = (tell: (by: MadeBy) => string | number): string => [...new Set(own.map(tell))].join(", ");
    return html`<tr>
      <th scope="row">${method}</th>
      <td>${of(({ seed }) => seed)}</td>
      <td>${of(({ at }) => at.slice(0, 10))}</td>
      <td>${of(({ processor }) => processor)}</td>
      <td>${of(({ numerics }) => numerics)}</td>
    </tr>`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="who made which numbers">
    <table>
      <thead>
        <tr>
          <th scope="col">Method</th>
          <th scope="col">Seeds</th>
          <th scope="col">Made</th>
          <th scope="col">Processor</th>
          <th scope="col">Arithmetic</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** "2026-11-26 04:42" of an ISO 8601 time. */
function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return seconds < 90 ? `${Math.round(seconds)} s` : minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

function machineText(machine: Readonly<Record<string, string | number>>, workers: number | undefined): string {
  const { processor = "unknown processor", cores = "?", memoryGiB = "?", platform = "", engine = "" } = machine;
  return `${processor}, ${cores} cores, ${memoryGiB} GiB, ${platform}, ${engine}${workers === undefined ? "" : workers === 1 ? "; 1 process" : `; ${workers} processes`}`;
}
