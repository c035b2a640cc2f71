import { describe, expect, it } from "vitest";
import { pca, project } from "../../src/analysis/pca";
import { Random } from "../../src/core/random";
import { componentsFigure } from "../../src/report/steps";

const random = new Random(7);
const states = Array.from({ length: 12 }, () => Array.from({ length: 4 }, (_, k) => random.normal() * (4 - k)));
const shown = states.map((_, i) => ({ kind: i % 3 === 0 ? "bird" : "car", label: `state ${i}` }));

describe("componentsFigure", () => {
  it("draws the states along the components that are asked for, a colour for each kind", () => {
    const { data, layout } = componentsFigure(states, shown, { title: "Base", components: [3, 2] });
    const at = project(pca(states), states);
    expect(data.map(({ name }) => name)).toEqual(["bird (n = 4)", "car (n = 8)"]);
    expect(data[0]).toMatchObject({
      x: [0, 3, 6, 9].map((i) => at[i]![2]),
      y: [0, 3, 6, 9].map((i) => at[i]![1]),
      text: ["state 0", "state 3", "state 6", "state 9"],
    });
    expect(JSON.stringify(layout)).toMatch(/PC 3 \(.*PC 2 \(/u);
  });

  it("takes the first two unless told otherwise, and says which there are where one is not", () => {
    expect(JSON.stringify(componentsFigure(states, shown, { title: "Base" }).layout)).toMatch(/PC 1 \(.*PC 2 \(/u);
    const beyond = () => componentsFigure(states, shown, { title: "Base", components: [4, 5] });
    expect(beyond).toThrow("12 states have no component 5. Take two of 1 to 4.");
  });
});
