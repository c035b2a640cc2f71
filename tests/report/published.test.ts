import { describe, expect, it } from "vitest";
import { toCsv } from "../../src/report/table/csv";
import { tableFromJson, toJson } from "../../src/report/table/json";
import { toLatex } from "../../src/report/table/latex";
import { toMarkdown } from "../../src/report/table/markdown";
import { methodTable, type MeasuredColumn } from "../../src/report/pivot";
import { printedRows } from "../../src/report/published/printed";
import { PUBLISHED, besidePublished, published, publishedNotes, publishedTable, requirePublished, type PublishedId } from "../../src/report/published/published"; // prettier-ignore
import { cellOf } from "../../src/report/table/table";
import { measured } from "./recorded/recorded";
import { rowsFromCsv } from "./table/fromCsv";

const IDS = Object.keys(PUBLISHED) as PublishedId[];
const value = (id: PublishedId, row: string, column: string): number =>
  100 * (published(id, row, column)?.value ?? NaN);

describe("the paper's tables", () => {
  // 0.005 of the average's own rounding; those of the terms cancel or not, and nowhere need more
  it.each(["table1", "table2", "table6"] as const)(
    "%s: every printed average is that of its row, to rounding, with no exception",
    (id) => {
      for (const { name } of PUBLISHED[id].rows) {
        const of = (key: string): number => value(id, name, key);
        for (const split of ["seen", "unseen"]) {
          const domains = ["air", "bird", "car", "dog", "flower", "pet"].map((domain) => of(`${split}_${domain}`));
          const mean = domains.reduce((sum, one) => sum + one, 0) / 6;
          expect(Math.abs(mean - of(`${split}_avg`)), `${name}, ${split}`).toBeLessThan(0.0051);
        }
        const both = (of("seen_avg") + of("unseen_avg")) / 2;
        expect(Math.abs(both - of("avg")), name).toBeLessThan(0.0051);
      }
    },
  );

  it("hold as many rows as the paper: encoders stand in Table 1 alone", () => {
    expect([PUBLISHED.table1, PUBLISHED.table2, PUBLISHED.table6].map(({ rows }) => rows.length)).toEqual([18, 14, 14]);
    const names = (id: PublishedId): string[] => PUBLISHED[id].rows.map(({ name }) => name);
    expect(names("table2")).toEqual(names("table1").slice(4));
    expect(names("table6")).toEqual(names("table2"));
  });

  it("agree with what the text says of them", () => {
    const gain = (id: PublishedId, a: string, b: string, key = "avg"): string => (value(id, a, key) - value(id, b, key)).toFixed(2); // prettier-ignore
    // §1
    expect(gain("table1", "Fine-R1-7B", "Qwen2.5-VL-7B")).toBe("8.51");
    expect(gain("table2", "Fine-R1-7B", "Qwen2.5-VL-7B")).toBe("23.75");
    expect(gain("table1", "Fine-R1-7B", "DeepPerception-7B")).toBe("5.59");
    expect(gain("table2", "Fine-R1-7B", "DeepPerception-7B")).toBe("30.98");
    expect(gain("table1", "Fine-R1-7B", "SigLIP-L")).toBe("4.27");
    expect(gain("figure3a", "CoT SFT + TAPO", "SFT", "unseen")).toBe("15.59");
    expect(gain("figure3a", "CoT SFT + TAPO", "CLS-RL", "unseen")).toBe("10.28");
    expect(gain("figure3a", "CoT SFT + TAPO", "No-Thinking-RL", "unseen")).toBe("10.05");
    expect(gain("table7", "Fine-R1-3B", "Qwen2.5-VL-3B", "imagewikiqa")).toBe("3.60");
    // §5.2
    expect(gain("table1", "Fine-R1-7B", "Qwen2.5-VL-7B", "seen_avg")).toBe("7.73");
    expect(gain("table1", "Fine-R1-7B", "SigLIP-L", "seen_avg")).toBe("3.38");
    expect(gain("table1", "Fine-R1-7B", "Qwen2.5-VL-7B", "unseen_avg")).toBe("9.28");
    expect(gain("table1", "Fine-R1-7B", "SigLIP-L", "unseen_avg")).toBe("5.16");
    // §5.3
    expect(gain("figure3a", "SFT", "Zero-shot", "seen")).toBe("3.98");
    expect(gain("figure3a", "SFT", "Zero-shot", "unseen")).toBe("-6.12");
    expect(gain("figure3a", "CLS-RL", "Zero-shot", "seen")).toBe("-5.92");
    expect(gain("figure3a", "CoT SFT + TAPO", "SFT", "seen")).toBe("7.56");
    expect(gain("figure3b", "Fine-R1-3B", "In-context learning")).toBe("17.90");
    expect(gain("figure3c", "CoT SFT", "Zero-shot")).toBe("13.30");
    expect(gain("figure3c", "CoT SFT + DAPO", "CoT SFT")).toBe("1.60");
  });

  it("agree with each other where they print one number twice", () => {
    expect(value("table3a", "5:5", "avg")).toBe(value("table2", "Fine-R1-3B", "unseen_avg"));
    for (const row of ["figure3b", "table1"] as const) expect(value(row, "Fine-R1-3B", "avg")).toBeCloseTo(85.19, 10);
    expect(value("figure3b", "Zero-shot", "avg")).toBe(value("table1", "Qwen2.5-VL-3B", "avg"));
    expect(value("figure3b", "SigLIP-L", "avg")).toBe(value("table1", "SigLIP-L", "avg"));
    expect(value("figure3c", "Zero-shot", "avg")).toBe(value("table2", "Qwen2.5-VL-3B", "avg"));
    expect(value("figure3c", "CoT SFT + TAPO", "avg")).toBe(value("table2", "Fine-R1-3B", "avg"));
    for (const split of ["seen", "unseen"]) {
      expect(value("figure3a", "Zero-shot", split)).toBe(value("table1", "Qwen2.5-VL-3B", `${split}_avg`));
      expect(value("figure3a", "CoT SFT + TAPO", split)).toBe(value("table1", "Fine-R1-3B", `${split}_avg`));
    }
    // what Table 3c's zero-shot row is, no other table tells (its note)
    const others = (["table1", "table2", "table6"] as const).flatMap((id) => ["seen_avg", "unseen_avg", "avg"].map((key) => value(id, "Qwen2-VL-2B", key))); // prettier-ignore
    expect(others).not.toContain(value("table3c", "Zero-shot", "avg"));
  });

  it.each(IDS)("%s is a table as any other: csv, json, md and tex have its numbers as printed", (id) => {
    const table = publishedTable(id);
    expect(rowsFromCsv(toCsv(table), table.columns)).toEqual(table.rows.map((row) => Object.fromEntries(table.columns.map(({ key }) => [key, cellOf(row, key)])))); // prettier-ignore
    expect(tableFromJson(toJson(table))).toEqual(table);
    expect(toMarkdown(table)).toContain("of the paper: ");
    expect(toLatex(table, id)).toContain("\\begin{tabular}");
    expect(table.notes.at(-1)).toMatch(/nothing here was measured/);
  });

  it("keep their digits, and mark what is derived and not printed", () => {
    const csv = toCsv(publishedTable("table1"));
    expect(csv).toContain("CLIP models,CLIP-L,47.95,73.96,80.5,77.12,87.59,95.45,77.1,45.68,");
    expect(toMarkdown(publishedTable("figure3a"))).toContain("| SFT | 81.41 | 65.82 ¶ |");
    expect(toMarkdown(publishedTable("table4"))).toContain("0.0088");
    expect(toCsv(publishedTable("table7"))).toContain("Qwen2.5-VL-3B,54.85,1591,79.3,73.74");
    expect(published("figure3b", "SigLIP-L, 80 templates", "avg")).toBeNull();
  });

  it("say what was meant where a row or a column is not theirs", () => {
    expect(() => published("table1", "Fine-R1-3b", "avg")).toThrow(/published table1: there is no row "Fine-R1-3b"\. Did you mean "Fine-R1-3B"\?/); // prettier-ignore
    expect(() => published("table1", "Fine-R1-3B", "average")).toThrow(/there is no column "average"/);
    expect(() => {
      requirePublished({ table: "figure3a", rows: { tapo: "TAPO" } });
    }).toThrow(/there is no row "TAPO"/);
    expect(() => printedRows([{ key: "a", title: "a" }], "x | 1 2")).toThrow(/2 numbers in "x \| 1 2"/);
    expect(() => printedRows([{ key: "a", title: "a" }], "x | 1,5")).toThrow(/"1,5" is no printed number/);
  });
});

describe("the paper's numbers beside ours", () => {
  const methods = ["base", "sft-labels", "tapo", "mine"].map((name) => ({ name, title: name.toUpperCase() }));
  const closed: MeasuredColumn = { group: "Closed world", setting: "closed", metric: "accuracy", splits: ["seen", "unseen"], key: "closed" }; // prettier-ignore
  const open: MeasuredColumn = { setting: "open", metric: "accuracy", splits: ["unseen"], key: "open" };
  const rows = [["base", 0.5], ["sft-labels", 0.6], ["tapo", 0.75]] as const; // prettier-ignore
  const measurements = rows.flatMap(([method, value]) =>
    (["seen", "unseen"] as const).map((split) =>
      measured({ method, split, setting: "closed", metric: "accuracy", domain: "mean", value, low: 0, high: 1 }),
    ),
  );
  const results = { methods, measurements };
  const linked = { base: "Zero-shot", "sft-labels": "SFT", tapo: "CoT SFT + TAPO" };
  const links = [{ table: "figure3a", over: "base", rows: linked } as const];

  it("are columns of their own, levels as printed and gains as ours minus the paper's; none where the paper has none", () => {
    const beside = besidePublished(links, [closed, open], results);
    const table = methodTable(measurements, { caption: "c", methods, columns: [closed, open], beside });
    expect(table.columns.map(({ key }) => key)).toEqual([
      ...["method", "closed_seen", "closed_unseen", "open_unseen", "paper_closed_seen", "paper_closed_unseen"],
      ...["gain_beside_paper_closed_seen", "gain_beside_paper_closed_unseen"],
    ]);
    expect(table.columns[4]).toMatchObject({
      group: "Paper (Qwen2.5-VL-3B, real pictures)",
      title: "Closed world, seen",
    });
    expect(table.rows).toHaveLength(3); // a method that nobody measured gets no row from the paper
    const [base, sft, tapo] = table.rows;
    expect(base).toMatchObject({ paper_closed_seen: 0.7743, gain_beside_paper_closed_seen: null });
    expect(sft).toMatchObject({ paper_closed_seen: 0.8141, paper_closed_unseen: { value: 0.6582, mark: "¶" } });
    // seen: our gain 0.25, the paper's 0.8897 − 0.7743 = 0.1154
    expect(tapo?.["gain_beside_paper_closed_seen"]).toBeCloseTo(0.25 - 0.1154, 12);
    expect(tapo?.["gain_beside_paper_closed_unseen"]).toBeCloseTo(0.25 - 0.0947, 12);
    expect(table.marks["¶"]).toMatch(/not printed/);
    expect(publishedNotes(links, results)).toEqual([
      expect.stringMatching(/\(Fig\. 3a, §5\.3\) are of real pictures .* Rows: BASE = Zero-shot; SFT-LABELS = SFT; TAPO = CoT SFT \+ TAPO\.$/), // prettier-ignore
    ]);
  });

  it("have no gains without a baseline, and nothing for a domain, whose classes are others", () => {
    expect(besidePublished([{ table: "figure3a", rows: linked }], [closed], results).map(({ column }) => column.key)).toEqual(["paper_closed_seen", "paper_closed_unseen"]); // prettier-ignore
    expect(besidePublished(links, [{ ...closed, domain: "bird" }], results)).toEqual([]);
    // but for what we, too, measure over all items
    const table4 = [{ table: "table4", rows: { tapo: "Fine-R1-3B" } } as const];
    const [kinship, ...others] = besidePublished(table4, [{ setting: "states", metric: "kinship", domain: "items", percent: false }], results); // prettier-ignore
    expect(others).toEqual([]);
    expect(kinship?.column).toMatchObject({ digits: 4, percent: false, group: "Paper (real pictures)" });
    expect(kinship?.of("tapo")).toBe(0.0531);
  });
});
