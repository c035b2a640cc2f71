/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The script of the site's pages, compiled to a plain script: it imports nothing and exports nothing. Headings sort their tables;
 * charts take the places of their drawings where plotly is at hand.
 */
{
  type Direction = "none" | "ascending" | "descending";
  interface Chart {
    readonly data: unknown;
    readonly layout: Readonly<Record<string, unknown>>;
  }
  interface Plotly {
    react(place: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  }

  const sortable = (table: HTMLTableElement): void => {
    const body = table.tBodies[0];
    const headings = [...table.querySelectorAll<HTMLTableCellElement>("th[aria-sort]")];
    if (body === undefined) return;
    const rows = [...body.rows]; // in the order of the table
    const valueOf = (row: HTMLTableRowElement, column: number): string => row.cells[column]?.dataset["value"] ?? "";
    const order = (column: number, direction: Direction, numbers: boolean): HTMLTableRowElement[] => {
      if (direction === "none") return rows;
      const sign = direction === "ascending" ? 1 : -1;
      return [...rows].sort((a, b) => {
        const [x, y] = [valueOf(a, column), valueOf(b, column)];
        if (x === "" || y === "") return Number(x === "") - Number(y === ""); // what was not measured stands last
        return sign * (numbers ? Number(x) - Number(y) : x.localeCompare(y, "en"));
      });
    };
    headings.forEach((heading, column) => {
      const numbers = heading.classList.contains("number");
      const turns: readonly Direction[] = numbers
        ? ["none", "descending", "ascending"]
        : ["none", "ascending", "descending"];
      heading.querySelector("button")?.addEventListener("click", () => {
        const now = turns.findIndex((direction) => direction === heading.ariaSort);
        const next = turns[(now + 1) % turns.length] ?? "none";
        for (const other of headings) other.ariaSort = other === heading ? next : "none";
        body.replaceChildren(...order(column, next, numbers));
      });
    });
  };

  /** The inks and grounds of charts, which are drawn for white paper, on a dark page. */
  const ON_DARK: Readonly<Record<string, string>> = {
    "#ffffff": "#16181b",
    "#222222": "#e4e2dc",
    "#444444": "#98968f",
    "#4D4D4D": "#9a9a96",
    "#e3e3e3": "#35393f",
    "#0072B2": "#3d9bd6",
  };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const recoloured = (value: unknown): unknown => {
    if (typeof value === "string") return ON_DARK[value] ?? value;
    if (Array.isArray(value)) return value.map(recoloured);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, recoloured(inner)]));
  };

  const MODEBAR = { bgcolor: "rgba(0,0,0,0)", color: "#8a8a8a", activecolor: "#5f8fb0" };
  /** The page's own ground. */
  const ground = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", modebar: MODEBAR };
  /** A finger that moves over a chart scrolls the page. */
  const touch = window.matchMedia("(pointer: coarse)").matches ? { dragmode: false } : {};

  const drawCharts = (): void => {
    const { Plotly } = window as Window & { readonly Plotly?: Plotly };
    if (Plotly === undefined) return;
    for (const place of document.querySelectorAll<HTMLElement>("[data-chart]")) {
      const source = document.getElementById(place.dataset["chart"] ?? "");
      if (source === null) continue;
      const chart = JSON.parse(source.textContent) as Chart;
      const { data, layout } = (dark.matches ? recoloured(chart) : chart) as Chart;
      place.querySelector(":scope > img")?.remove();
      void Plotly.react(place, data, { ...layout, ...ground, ...touch }, { displaylogo: false, responsive: false });
    }
  };

  document.querySelectorAll<HTMLTableElement>("table.sortable").forEach(sortable);
  drawCharts();
  dark.addEventListener("change", drawCharts);
}
