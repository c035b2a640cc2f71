/** A name as it is compared: compatible characters unified, lower case, single spaces, no full stop or quotes around it. */
export function normaliseName(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/^["'“”‘’]+|["'“”‘’.\s]+$/gu, "");
}

/** Whether two names are the same up to case, spacing and a closing full stop. */
export function sameName(a: string, b: string): boolean {
  return normaliseName(a) === normaliseName(b);
}

/** Whether a listed candidate stands for a label: the same name, where the candidate may add a note in parentheses. */
export function namesLabel(candidate: string, label: string): boolean {
  return sameName(candidate, label) || sameName(candidate.replace(/\s*\([^()]*\)\s*$/u, ""), label);
}
