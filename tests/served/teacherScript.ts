import { REJECTION_REASONS, type RejectionReason } from "../../src/cot/checks";
import { renderTagged, type CotStages } from "../../src/cot/stages";

/** A chain that passes, of two candidates. */
const right = (label: string): CotStages => ({
  analysis: "it has a red crown and a striped pattern",
  candidates: [label, "some other bird"],
  comparison: "the crown fits the first",
  prediction: label,
});

/** One way of going wrong for every reason that a chain is turned down for. */
const WRONG: Readonly<Record<RejectionReason, (label: string) => string>> = {
  "missing tag": () => "I would say a bird.",
  "repeated tag": (label) => `${renderTagged(right(label))}<analysis>`,
  "tags out of order": (label) =>
    renderTagged(right(label)).replaceAll("analysis", "X").replaceAll("options", "analysis").replaceAll("X", "options"),
  "text outside the tags": (label) => `Sure! ${renderTagged(right(label))}`,
  "empty stage": (label) => renderTagged({ ...right(label), comparison: " " }),
  "no candidates": (label) =>
    renderTagged(right(label)).replace(/<options>[\s\S]*<\/options>/u, "<options>- \n-</options>"),
  "candidates cannot be told apart": (label) => renderTagged(right(label)).replace(`- ${label}`, `* ${label}`),
  "mixed language": (label) => renderTagged({ ...right(label), comparison: "the crown fits 因此" }),
  "too many candidates": (label) => renderTagged({ ...right(label), candidates: [label, "b", "c", "d", "e"] }),
  "repeated candidate": (label) => renderTagged({ ...right(label), candidates: [label, "b", label] }),
  "wrong prediction": (label) => renderTagged({ ...right(label), prediction: "some other bird" }),
  "label not among candidates": (label) => renderTagged({ ...right(label), candidates: ["some other bird", "b"] }),
};

/** What a teacher may say to the prompt of Table 5 about a class: right, or wrong for each of the reasons. */
export function chainsOf(label: string): string[] {
  return [renderTagged(right(label)), ...REJECTION_REASONS.map((reason) => WRONG[reason](label))];
}

/** The class that a prompt of Table 5 names. */
export function labelIn(prompt: string): string | undefined {
  return /This is a picture of a (.+?) with the following/u.exec(prompt)?.[1];
}
