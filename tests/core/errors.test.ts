import { describe, expect, it } from "vitest";
import { LabError, messageOf, required } from "../../src/core/errors";

describe("LabError", () => {
  it("says what, why and what to do, in one line", () => {
    const cause = new Error("EACCES");
    const error = new LabError("cannot be read", "Check its permissions.", { subject: "a.json", cause });
    expect(error.message).toBe("a.json: cannot be read. Check its permissions.");
    expect([error.name, error.subject, error.remedy]).toEqual(["LabError", "a.json", "Check its permissions."]);
    expect(error.cause).toBe(cause);
  });

  it("needs no subject and no cause", () => {
    const error = new LabError("there is nothing to do", "Go home.");
    expect(error.message).toBe("there is nothing to do. Go home.");
    expect([error.subject, error.cause]).toEqual([undefined, undefined]);
  });
});

describe("messageOf", () => {
  it("reads errors and anything else that was thrown", () => {
    expect([messageOf(new RangeError("r")), messageOf("text"), messageOf(undefined)]).toEqual([
      "r",
      "text",
      "undefined",
    ]);
  });
});

describe("required", () => {
  it("lets 0, false and the empty text through, and throws for what is not there", () => {
    const fail = (): Error => new LabError("is missing", "Add it.");
    for (const value of [0, false, ""]) expect(required(value, fail)).toBe(value);
    expect(() => {
      required(undefined, fail);
    }).toThrow(LabError);
    expect(() => required(null, fail)).toThrow("is missing");
  });
});
