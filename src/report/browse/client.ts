/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The script of the page of answers (page.ts), compiled to a plain script: it imports nothing and exports nothing. All that
 * it shows goes into the page as text, never as HTML.
 */
{
  type Side = "model" | "before";
  type Book = import("./book").AnswerBook;
  type Question = Book["questions"][number];
  type Answer = Question["answers"][string];
  type Line = NonNullable<Answer["lines"]>[number];
  type Step = Line[number];

  const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
  const book = JSON.parse((byId("data") as HTMLScriptElement).text) as Book;
  const form = byId("filters") as HTMLFormElement;
  const list = byId("answers");
  const fields = [...form.querySelectorAll<HTMLSelectElement | HTMLInputElement>("select, input")];
  const chosen = (name: string): string => fields.find((field) => field.name === name)?.value ?? "";
  const titleOf = (key: string): string => book.models.find((model) => model.key === key)?.title ?? key;

  const make = (tag: string, className: string, ...content: readonly (string | Node)[]): HTMLElement => {
    const element = document.createElement(tag);
    if (className !== "") element.className = className;
    element.append(...content);
    return element;
  };

  /** The mark of a thing that is right or wrong; a word for those who do not see it. */
  const mark = (right: boolean): HTMLElement => {
    const element = make("span", right ? "mark right" : "mark wrong", right ? "✓" : "✗");
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", right ? "right" : "wrong");
    return element;
  };

  const answerTo = (question: Question, side: Side): Answer | undefined => question.answers[chosen(side)];

  const changeOf = (before: Answer, after: Answer): string =>
    after.right ? (before.right ? "both-right" : "mended") : before.right ? "spoiled" : "both-wrong";

  const fits = (question: Question): boolean => {
    const answer = answerTo(question, "model");
    const before = answerTo(question, "before");
    if (answer === undefined) return false;
    const is = (name: string, value: string | null | undefined): boolean =>
      chosen(name) === "" || chosen(name) === value;
    return (
      question.setting === chosen("setting") &&
      question.truth.toLowerCase().includes(chosen("class").trim().toLowerCase()) &&
      is("domain", question.domain) &&
      is("split", question.split) &&
      is("result", answer.right ? "right" : "wrong") &&
      is("step", answer.firstWrong) &&
      (chosen("before") === "" || (before !== undefined && is("change", changeOf(before, answer))))
    );
  };

  const stepText = (step: Step): HTMLElement =>
    make(
      "span",
      "step",
      mark(step.wrong === null),
      step.text,
      ...(step.wrong === null ? [] : [make("span", "why", ` – ${step.wrong}`)]),
    );

  const chainList = (lines: readonly Line[]): HTMLElement => {
    const items = lines.map((line) =>
      make("li", "", make("span", "kind", line[0]?.kind ?? ""), make("div", "", ...line.map(stepText))),
    );
    return make("ol", "chain", ...items);
  };

  const answerBlock = (key: string, answer: Answer | undefined): HTMLElement => {
    const title = make("h3", "", titleOf(key));
    if (answer === undefined) return make("section", "answer", title, make("p", "quiet", "was not asked this"));
    const said = make("p", "said", mark(answer.right), make("strong", "", answer.answer ?? "no answer"));
    return make(
      "section",
      "answer",
      title,
      said,
      make("p", "quiet", answer.verdict),
      ...(answer.lines === null ? [] : [chainList(answer.lines)]),
      ...(answer.output === null ? [] : [make("pre", "", answer.output)]),
    );
  };

  const card = (question: Question): HTMLElement => {
    const picture = document.createElement("img");
    picture.src = book.pictures[question.picture] ?? "";
    picture.alt = `a picture of the class ${question.truth}`;
    const facts = `true class, ${question.split} · ${question.domain} · ${question.id}`;
    const options = question.options === null ? [] : [make("p", "quiet", `options: ${question.options.join(", ")}`)];
    const sides = [chosen("before"), chosen("model")].filter((key) => key !== "");
    const article = make(
      "article",
      "",
      picture,
      make(
        "header",
        "",
        make("h2", "", question.truth),
        make("p", "quiet", facts),
        make("p", "quiet", question.question),
        ...options,
      ),
      make("div", "sides", ...sides.map((key) => answerBlock(key, question.answers[key]))),
    );
    article.tabIndex = -1;
    return article;
  };

  /** How often a model is right, of seen and of unseen classes apart. */
  const share = (questions: readonly Question[], side: Side): string => {
    const parts = (["seen", "unseen"] as const).flatMap((split) => {
      const own = questions.filter((question) => question.split === split);
      const right = own.filter((question) => answerTo(question, side)?.right === true).length;
      const percent = ((100 * right) / own.length).toFixed(1);
      return own.length === 0 ? [] : [`${right} of ${own.length} ${split} (${percent} %)`];
    });
    return `${titleOf(chosen(side))} is right in ${parts.join(" and ")}.`;
  };

  const show = (): void => {
    const all = book.questions.filter((question) => question.setting === chosen("setting"));
    const found = all.filter(fits);
    const compared = chosen("before") !== "";
    const change = fields.find((field) => field.name === "change");
    if (change !== undefined) change.disabled = !compared;
    const sides: readonly Side[] = compared ? ["before", "model"] : ["model"];
    const shares = found.length === 0 ? [] : sides.map((side) => share(found, side));
    byId("count").textContent = [`${found.length} of ${all.length} questions.`, ...shares].join(" ");
    list.replaceChildren(...found.map(card));
    if (found.length === 0) list.append(make("p", "quiet", "No question fits these filters."));
    const state = fields.flatMap((field) => (field.value === "" ? [] : [[field.name, field.value]]));
    window.location.replace(`#${new URLSearchParams(state).toString()}`);
  };

  /** Takes the filters out of the address, so that a view can be kept and sent on. */
  const restore = (): void => {
    const state = new URLSearchParams(window.location.hash.slice(1));
    if (state.size === 0) return; // the page's own beginning
    for (const field of fields) {
      const value = state.get(field.name) ?? "";
      if (field instanceof HTMLInputElement || [...field.options].some((option) => option.value === value))
        field.value = value;
    }
  };

  const step = (by: number): void => {
    const cards = [...list.querySelectorAll("article")];
    const at = cards.findIndex((one) => one === document.activeElement);
    cards[Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target.tagName : "";
    if (event.ctrlKey || event.metaKey || event.altKey || target === "SELECT" || target === "INPUT") return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "f") fields[0]?.focus();
    else return;
    event.preventDefault();
  });
  form.addEventListener("change", show);
  form.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement) show(); // while a name is typed
  });
  form.addEventListener("reset", () => {
    setTimeout(show); // the fields change after the event
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  restore();
  show();
}
