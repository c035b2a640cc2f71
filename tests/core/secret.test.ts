import { describe, expect, it } from "vitest";
import { withoutSecret } from "../../src/core/secret";

const SECRET = 'sk-a/b+c"d~e?f';

describe("withoutSecret", () => {
  it("takes a secret out in every form in which servers repeat it", () => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const forms = [
      SECRET,
      JSON.stringify(SECRET),
      JSON.stringify(SECRET).replaceAll("/", "\\/"),
      encodeURIComponent(SECRET),
      ...[SECRET, `Bearer ${SECRET}`, `me:${SECRET}`, `x${SECRET}y`].flatMap((text) => [
        base64(text),
        Buffer.from(text).toString("base64url"),
      ]),
    ];
    for (const form of forms) {
      const left = withoutSecret(`before ${form} behind`, SECRET);
      expect(left, form).toContain("(the secret)");
      expect(left, form).not.toContain(form.slice(3, -3));
      expect(left).toMatch(/^before .* behind$/u);
    }
  });

  it("leaves a secret that may be a word of an answer where it is, but for messages", () => {
    expect(withoutSecret("the nest is EMPTY", "EMPTY")).toBe("the nest is EMPTY");
    expect(withoutSecret("Bearer EMPTY", "EMPTY", 1)).toBe("Bearer (the secret)");
    expect(withoutSecret("nothing", "", 1)).toBe("nothing");
  });
});
