import { expect, it, vi } from "vitest";
import { holdNotes, note } from "../../src/core/notes";

it("a note is said at once, and while notes are held once at the end", () => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  note("now");
  const sayNotes = holdNotes();
  for (const sentence of ["later", "later", "last"]) note(sentence);
  expect(said.mock.calls.flat()).toEqual(["now"]);
  sayNotes();
  note("after");
  expect(said.mock.calls.flat()).toEqual(["now", "later", "last", "after"]);
  said.mockRestore();
});
