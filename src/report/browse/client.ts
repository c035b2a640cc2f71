/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * The script of the page of answers (page.ts), compiled to a plain script: it imports nothing and exports nothing. All that
 * it shows goes into the page as text, never as HTML.
 */
{
  type Side = "model" | "before";
  type Book = import("./answers").AnswerBook;
  type Question = Book["questions"][number];
  type Answer = Question["answers"][string];
  type Step = NonNullable<Answer["steps"]>[number];

  const byId = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
  const book = JSON.parse((byId("data") as HTMLScriptElement).text) as Book;
  const form = byId("filters") as HTMLFormElement;
  const list = byId("answers");
  const selects = [...form.querySelectorAll("select")];
  const chosen = (name: string): string => selects.find((select) => select.name === name)?.value ?? "";
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
      question.world === chosen("world") &&
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

  /** A count stands in the line of the values that it counts. */
  const chainList = (steps: readonly Step[]): HTMLElement => {
    const lines: HTMLElement[] = [];
    const items: HTMLElement[] = [];
    for (const step of steps) {
      const last = lines.at(-1);
      if (step.kind === "count" && last !== undefined) {
        last.append(stepText(step));
        continue;
      }
      const line = make("div", "", stepText(step));
      lines.push(line);
      items.push(make("li", "", make("span", "kind", step.kind), line));
    }
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
      ...(answer.steps === null ? [] : [chainList(answer.steps)]),
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
      make("header", "", make("h2", "", question.truth), make("p", "quiet", facts), ...options),
      make("div", "sides", ...sides.map((key) => answerBlock(key, question.answers[key]))),
    );
    article.tabIndex = -1;
    return article;
  };

  const share = (questions: readonly Question[], side: Side): string => {
    const right = questions.filter((question) => answerTo(question, side)?.right === true).length;
    const percent = questions.length === 0 ? "" : ` (${((100 * right) / questions.length).toFixed(1)} %)`;
    return `${titleOf(chosen(side))} right in ${right}${percent}`;
  };

  const show = (): void => {
    const all = book.questions.filter((question) => question.world === chosen("world"));
    const found = all.filter(fits);
    const compared = chosen("before") !== "";
    const change = selects.find((select) => select.name === "change");
    if (change !== undefined) change.disabled = !compared;
    const shares = compared ? `${share(found, "before")}, ${share(found, "model")}` : share(found, "model");
    byId("count").textContent = `${found.length} of ${all.length} questions. ${shares}.`;
    list.replaceChildren(...found.map(card));
    if (found.length === 0) list.append(make("p", "quiet", "No question fits these filters."));
    const state = selects.flatMap((select) => (select.value === "" ? [] : [[select.name, select.value]]));
    window.location.replace(`#${new URLSearchParams(state).toString()}`);
  };

  /** Takes the filters out of the address, so that a view can be kept and sent on. */
  const restore = (): void => {
    const state = new URLSearchParams(window.location.hash.slice(1));
    for (const select of selects) {
      const value = state.get(select.name);
      if (value !== null && [...select.options].some((option) => option.value === value)) select.value = value;
    }
  };

  const step = (by: number): void => {
    const cards = [...list.querySelectorAll("article")];
    const at = cards.findIndex((one) => one === document.activeElement);
    cards[Math.min(cards.length - 1, Math.max(0, at + by))]?.focus();
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target.tagName : "";
    if (event.ctrlKey || event.metaKey || event.altKey || target === "SELECT") return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "f") selects[0]?.focus();
    else return;
    event.preventDefault();
  });
  form.addEventListener("change", show);
  form.addEventListener("reset", () => {
    setTimeout(show); // the fields change after the event
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  restore();
  show();
}
