import { STANDARD_COLUMNS } from "../../src/report/standard";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { select, type Measurement } from "../../src/eval/measurements";
import { choiceNote } from "../../src/report/notes";
import { domainColumns, methodTable, pivotColumns } from "../../src/report/pivot";
import { toCsv } from "../../src/report/table/csv";
import { toMarkdown } from "../../src/report/table/markdown";
import { CHAIN_LAYOUT, measured, METHODS, recorded, recordedText } from "./recorded/recorded";

const provenance = { experiment: "quickstart", profile: "mini", world: "test", seed: "1" };
const first = select(recorded(), { seed: 1 });

describe("methodTable", () => {
  it("makes the recorded table of methods to the last character", () => {
    const table = methodTable(first, {
      caption: "Quickstart: recognition in the mini-world, accuracy in %",
      methods: METHODS,
      columns: STANDARD_COLUMNS,
      notes: [
        "Closed world: four options in shuffled order. Open world: text inclusion; SS_rel: relative semantic similarity (Eq. 5). Mean over the domains, one seed, 95 % intervals over test items.",
        ...choiceNote(first, METHODS),
      ],
      provenance,
    });
    expect(toMarkdown(table)).toBe(recordedText("table.md.txt"));
    expect(toCsv(table)).toBe(recordedText("table.csv"));
  });

  it("makes the recorded table of chains, a row per method and split; who wrote no chain has no row", () => {
    const table = methodTable(first, { ...CHAIN_LAYOUT, provenance });
    expect(toMarkdown(table)).toBe(recordedText("chain-errors.md.txt"));
    expect(toCsv(table)).toBe(recordedText("chain-errors.csv").replace("seen_names", "names_seen"));
  });

  it("marks a method whose numbers come from elsewhere", () => {
    const methods = [{ name: "tapo", title: "TAPO", mark: "†" }];
    const columns = [{ setting: "open", metric: "accuracy", splits: ["seen"] as const }];
    const table = methodTable([measured()], { caption: "c", methods, columns, marks: { "†": "from results/" } });
    expect(table.rows).toEqual([
      { method: { text: "TAPO", mark: "†" }, open_accuracy_seen: { value: 0.5, low: 0.4, high: 0.6 } },
    ]);
  });

  it("refuses to choose between two seeds, two datasets or two splits", () => {
    const layout = { caption: "c", methods: METHODS, columns: STANDARD_COLUMNS };
    for (const other of [{ seed: 2 }, { dataset: "another" }]) {
      expect(() => methodTable([measured(), measured(other)], layout)).toThrow(
        /column open_seen: two measurements of tapo fit one cell\. Give the measurements of one seed/,
      );
    }
    const columns = [{ setting: "open", metric: "accuracy" }];
    expect(() => methodTable([measured(), measured({ split: "unseen" })], { ...layout, columns })).toThrow(/name the/);
  });

  it("says which columns are means over domains and which over items, where both stand in one table", () => {
    const columns = [
      ...STANDARD_COLUMNS,
      { setting: "open", metric: "accuracy", domain: "items", title: "all", key: "i" },
    ];
    const { notes } = methodTable([measured()], { caption: "c", methods: METHODS, columns });
    expect(notes).toEqual([
      "Means over the domains, each alike: Closed world; Open world, text inclusion; Open world, SS_rel. Over all items alike: all.",
    ]);
  });

  it("keeps every number: each measurement stands in the one cell of its method, split and domain (any numbers)", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const domains = ["aircraft", "bird", "mean"];
    fc.assert(
      fc.property(fc.array(share, { minLength: 14, maxLength: 14 }), (values) => {
        const where = ["a", "b"].flatMap((method) => [
          ...(["seen", "unseen"] as const).flatMap((split) => domains.map((domain) => ({ method, split, domain }))),
          { method, split: "all" as const, domain: "mean" },
        ]);
        const all = where.map((one, i) => measured({ ...one, value: values[i]!, low: 0, high: 1 }));
        const methods = ["a", "b"].map((name) => ({ name, title: name }));
        const columns = domainColumns(["aircraft", "bird"], { setting: "open", metric: "accuracy" });
        const table = methodTable(all, { caption: "c", methods, columns });
        const cells = table.rows.flatMap((row) => table.columns.slice(1).map(({ key }) => row[key]));
        const mean = (one: Measurement) => ({ value: one.value, low: 0, high: 1 });
        expect(cells).toEqual(all.map((one) => (one.domain === "mean" ? mean(one) : one.value)));
      }),
    );
  });
});

describe("domainColumns", () => {
  it("are those of the paper's Table 1: domains of each split and their mean, then the mean of both", () => {
    const columns = pivotColumns(domainColumns(["bird", "dog"], { setting: "open", metric: "accuracy" }));
    expect(columns.map(({ column: { group, title } }) => [group, title])).toEqual([
      ["Seen classes", "bird"],
      ["Seen classes", "dog"],
      ["Seen classes", "Avg."],
      ["Unseen classes", "bird"],
      ["Unseen classes", "dog"],
      ["Unseen classes", "Avg."],
      [undefined, "Avg. of both"],
    ]);
  });
});

describe("pivotColumns", () => {
  it("give every column a key that files can have, whatever its domain is called", () => {
    const named = (domain: string) => ({ setting: "open", metric: "chain:low", domain, splits: ["seen" as const] });
    const columns = pivotColumns(["Käfer", "Köfer", "low"].map(named));
    const keys = columns.map(({ column }) => column.key);
    expect(keys).toEqual(["open_chain_low_k_fer_seen", "open_chain_low_k_fer_seen_2", "open_chain_low_low_seen"]);
    const table = { caption: "c", methods: [], columns: ["Käfer", "Köfer", "low"].map(named) };
    expect(() => methodTable([], table)).not.toThrow();
  });
});
