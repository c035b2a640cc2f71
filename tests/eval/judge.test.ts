import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answerOf,
  chosenPosition,
  hasForm,
  isClosedCorrect,
  isTextIncluded,
  openPrediction,
  relativeSimilarity,
  releasedSuperCategory,
} from "../../src/eval/judge";
import { isExactName } from "../../src/core/answer";

describe("the released rules the golden file does not reach", () => {
  test("an empty answer is wrong in the closed world, and the whole output is judged in the open one", () => {
    expect(isClosedCorrect("", "auk")).toBe(false);
    expect(isClosedCorrect(null, "")).toBe(false);
    expect(openPrediction("", "<answer></answer> auk")).toBe("<answer></answer> auk");
  });

  test("cars: the last two words of the truth do not count, and a truth of two words is always included", () => {
    const path = "stanford_cars/cars_test/1.jpg";
    expect(releasedSuperCategory(path)).toBe("car");
    expect(isTextIncluded("an Audi A5 from 2015", "Audi A5 Coupe 2012", true)).toBe(true);
    expect(isTextIncluded("an Audi A5 from 2015", "Audi A5 Coupe 2012")).toBe(false);
    expect(isTextIncluded("anything", "Coupe 2012", true)).toBe(true);
  });

  test("birds by the folder 'birds' only: 'bird_200' falls back to object", () => {
    expect(releasedSuperCategory("CUB/birds/1.jpg")).toBe("bird");
    expect(releasedSuperCategory("bird_200/images/1.jpg")).toBe("object");
    expect(releasedSuperCategory("fgvc_aircraft/cars/1.jpg")).toBe("aircraft"); // first rule first
  });

  test("'_' is a space in the truth of both worlds, but in the answer of the closed world only", () => {
    expect(isClosedCorrect("least_auklet", "Least Auklet")).toBe(true);
    expect(isTextIncluded("least_auklet", "Least_Auklet")).toBe(false);
  });
});

describe("what this project adds", () => {
  test("a direct answer may come without tags", () => {
    expect(answerOf(" least auklet ", false)).toBe("least auklet");
    expect(answerOf("least auklet", true)).toBeNull();
    expect(answerOf("<answer>least", false)).toBeNull();
    expect([
      hasForm("<answer> a </answer>", false),
      hasForm("a b", false),
      hasForm("", false),
      hasForm("<answer>a", false),
    ]).toEqual([true, true, false, false]);
    expect([hasForm(" <think> a </think> <answer> b </answer>\n", true), hasForm("<answer>b</answer>", true)]).toEqual([
      true,
      false,
    ]);
  });

  test("exact names, and the option an answer chose", () => {
    const options = ["Least Auklet", "Auklet", "Gull", "Gray_Gull"];
    expect(isExactName("least  auklet", "Least_Auklet")).toBe(true);
    expect(isExactName("a least auklet", "Least Auklet")).toBe(false);
    expect(isExactName("Boeing 737\u2011200", "Boeing 737-200")).toBe(true);
    expect(chosenPosition("It is Bewick’s\u00a0Wren.", ["House Wren", "Bewick's Wren"])).toBe(1);
    expect(isClosedCorrect("Boeing 737\u2011200", "Boeing 737-200")).toBe(false); // as released: to the character
    expect(chosenPosition("auklet", options)).toBe(1); // the option itself, though "Least Auklet" is another
    expect(chosenPosition("it is a gull", options)).toBe(2);
    expect(chosenPosition("a gray gull", options)).toBe(3); // "Gull" stands only inside "Gray_Gull"
    expect(chosenPosition("a gull, not a gray gull", options)).toBeNull(); // names two options
    expect(chosenPosition("an owl", options)).toBeNull();
    expect(chosenPosition(null, options)).toBeNull();
  });
});

describe("SS_relative (Eq. 5)", () => {
  test("0 at the super-category's similarity and below, 1 for the truth, linear between", () => {
    const below1 = fc.double({ min: -1, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(below1, fc.double({ min: 0, max: 1, noNaN: true }), (standard, way) => {
        expect(relativeSimilarity(standard + way * (1 - standard), standard)).toBeCloseTo(way, 6);
        expect(relativeSimilarity(standard - way, standard)).toBe(0);
      }),
    );
    expect([relativeSimilarity(1, 1), relativeSimilarity(0.9, 1)]).toEqual([1, 0]);
  });
});
