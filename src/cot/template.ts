import { LabError } from "../core/errors";

/**
 * The prompt that makes a teacher write a structured chain of thought, word for word (Table 5, Appendix B). The
 * paper's text marks the tags as code; the prompt itself holds them plain.
 */
export const COT_TEMPLATE =
  "This is a picture of a {label} with the following visual features: {concepts}. Based on the information provided, " +
  "please answer the following question. Question: {question}. Note that you MUST first analyze the visual features " +
  "that help you provide at most four candidate subcategories of the same super-category, then pay attention to the " +
  "differences between candidate subcategories and make a detailed comparison between them to find evidence that help " +
  "you make a prediction. The visual analysis process, candidate subcategories, comparison process, and final predicted " +
  "subcategory are enclosed with <analysis></analysis>, <options></options>, <comparison></comparison>, and " +
  "<prediction></prediction> tags, respectively, i.e., <analysis>visual analysis process here</analysis>" +
  "<options>candidate subcategories here</options><comparison>comparison process here</comparison>" +
  "<prediction>predicted subcategory here</prediction>.";

/** What the template asks for. */
export interface CotQuestion {
  readonly label: string;
  readonly concepts: readonly string[];
  readonly question: string;
}

/**
 * Fills the template of Table 5; concepts are joined by commas. Text that looks like a placeholder or a tag inside a
 * value is left as it is.
 * @throws LabError when a value is empty
 */
export function cotPrompt(values: CotQuestion): string {
  const filled = {
    label: values.label.trim(),
    concepts: values.concepts.map((concept) => concept.trim()).join(", "),
    question: values.question.trim(),
  };
  return COT_TEMPLATE.replace(/\{(label|concepts|question)\}/g, (_, name: keyof typeof filled) => {
    const value = filled[name];
    if (value === "") throw new LabError(`the prompt needs a ${name}`, `Give a ${name} that is not empty.`);
    return value;
  });
}
