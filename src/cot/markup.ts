/** Marks that make a word bold, slanted or code in Markdown; underscores inside a word are part of it, a star before a space is a bullet. */
const EMPHASIS = /\*\*|`|\*(?!\s)|(?<=\S)\*|(?<![\p{L}\p{M}\p{N}])_|_(?![\p{L}\p{M}\p{N}])/gu;
const LINK = /\[([^[\]]*)\]\([^()\s]*\)/gu;
const TAG = /<\/?(?:b|i|u|em|strong|code|mark|small|span|p|div|li|ul|ol)(?:\s[^<>]*)?>/giu;
const LATEX = /\\(?:text(?:bf|it|sc|tt|rm)?|emph|underline|mathbf|mathrm)\{([^{}]*)\}/gu;

/** The text without what only changes its look, in Markdown, HTML and LaTeX. Takes time linear in the text. */
export function withoutMarkup(text: string): string {
  const plain = text.replace(TAG, "").replace(LATEX, "$1").replace(LATEX, "$1"); // twice: \textbf{\emph{…}}
  return plain.replace(LINK, "$1").replace(EMPHASIS, "");
}
