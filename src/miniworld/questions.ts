import { rivals } from "../analysis/namePairs";
import { CANDIDATES } from "./config";
import { Random } from "../core/random";
import { openQuestion, pairText } from "../data/prompts";
import type { GeneralQuestion, NamedFirst, QuestionKind, QuestionSet } from "../data/questions";
import { describe } from "./attributes";
import { writeComparison } from "./chain";
import type { WorldClass } from "./classes";
import {
  analysisPrompt,
  analysisText,
  attributesToNameOf,
  genusMembersOf,
  isNameOf,
  nameToAttributesOf,
  reasonAbout,
  type Exercise,
} from "./curriculum/exercises";
import { type ClassPicture, type MiniWorld } from "./types";

/** Titles are as short as a table's columns. */
const KINDS = [
  { name: "itsValues", title: "its values", need: "recognition" },
  { name: "itsGenus", title: "its genus", need: "recognition" },
  { name: "isIt", title: "is it …?", need: "recognition" },
  { name: "values", title: "values", need: "reading" },
  { name: "fits", title: "fit of a name", need: "reading" },
  { name: "nameToAttributes", title: "name → values", need: "text" },
  { name: "attributesToName", title: "values → name", need: "text" },
  { name: "genusMembers", title: "members", need: "text" },
  { name: "compare", title: "compare", need: "text" },
  { name: "isName", title: "yes or no", need: "text" },
  { name: "reason", title: "reason", need: "text" },
] as const satisfies readonly QuestionKind[];

/**
 * What can be asked of a world beside the names of its pictures, in the forms that bases are taught, of every class, on test pictures
 * and on pictures of no class that no base was made from. A base cannot recognise and recall in one breath (`<image> bird ? members`
 * gets the values that it sees), so a picture is named first, as the model is otherwise asked, and then its name is asked about.
 */
export function miniQuestions(world: MiniWorld): QuestionSet {
  return {
    kinds: KINDS,
    draw: (seed) => {
      const random = new Random(seed).fork("questions");
      return [
        ...world.subCategories.flatMap((subject) => [
          ...aboutPicture(world, subject, random.fork(`picture of ${subject.id}`)),
          ...inText(world, subject, random.fork(`text of ${subject.id}`)),
        ]),
        ...world.subCategories.map((_, index) => readFree(world, index)),
      ];
    },
  };
}

type Posed = Pick<GeneralQuestion, "user" | "truth"> & { readonly kind: (typeof KINDS)[number]["name"] };

/** Questions about a test picture of a class. */
function aboutPicture(world: MiniWorld, subject: WorldClass, random: Random): GeneralQuestion[] {
  const { superCategory: domain, name, attributes } = subject;
  const picture = world.picture(subject, "test", 0);
  const first = (then: NamedFirst["then"]): NamedFirst => ({ question: openQuestion("mini", picture), then });
  const genusOf = (named: string): string => world.classNamed(domain, named)?.genus ?? named.split(" ").at(-1) ?? "";
  const right = random.chance(0.5);
  const asked = right ? name : random.pick(rivals(world.subCategories, subject)).name;
  const posed: Posed[] = [
    { kind: "itsValues", user: first((named) => `${domain} ${named} ? attributes`), truth: describe(attributes) },
    {
      kind: "itsGenus",
      user: first((named) => `${domain} ${genusOf(named)} ? members`),
      truth: genusMembersOf(world, subject, random).completion,
    },
    { kind: "isIt", user: `<image>${pairText("mini", domain, asked)}`, truth: right ? "yes" : "no" },
    { kind: "fits", ...comparison(world, subject, "<image>", random) },
  ];
  return posed.map((one) => about(subject, one, picture));
}

/** Questions in words about a class: its knowledge both ways, and what follows from a description; of a genus once. */
function inText(world: MiniWorld, subject: WorldClass, random: Random): GeneralQuestion[] {
  const { attributes } = subject;
  const taught = (kind: Posed["kind"], { user, completion: truth }: Exercise): Posed => ({ kind, user, truth });
  const posed: Posed[] = [
    taught("nameToAttributes", nameToAttributesOf(subject)),
    taught("attributesToName", attributesToNameOf(subject)),
    { kind: "compare", ...comparison(world, subject, describe(attributes), random) },
    taught("isName", isNameOf(world, subject, attributes, random.chance(0.5), random)),
    taught("reason", reasonAbout(world, subject, attributes, { thinking: true, closed: false }, random)),
  ];
  const own = posed.map((one) => about(subject, one));
  if (world.genusMembers(subject)[0]?.id !== subject.id) return own;
  return [...own, { ...about(subject, taught("genusMembers", genusMembersOf(world, subject, random))), seen: null }];
}

/** How well one of a class's look-alikes, or it itself, fits what is shown or described. */
function comparison(world: MiniWorld, subject: WorldClass, what: string, random: Random): Omit<Posed, "kind"> {
  const { name, attributes } = random.pick(world.lookalikes(subject).slice(0, CANDIDATES));
  return {
    user: `${what} ${subject.superCategory} ${name} ? compare`,
    truth: writeComparison(name, attributes, subject.attributes, world.config.chain.verdict),
  };
}

/** The values of a picture of no class, one that the base was not made from. */
function readFree(world: MiniWorld, index: number): GeneralQuestion {
  const picture = world.freePicture(world.config.baseImages + index);
  const { id, domain, attributes } = picture;
  const posed: Posed = { kind: "values", user: analysisPrompt(domain), truth: analysisText(attributes) };
  return { id: `values/${id}`, domain, seen: null, ...posed, load: () => picture.load() };
}

function about({ id, superCategory: domain, seen }: WorldClass, posed: Posed, picture?: ClassPicture): GeneralQuestion {
  const shown = picture === undefined ? {} : { load: () => picture.load() };
  return { id: `${posed.kind}/${id}`, domain, seen, ...posed, ...shown };
}
