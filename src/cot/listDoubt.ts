import { isShort, NOTE_MARK } from "./listLines";
import { namesLabel, sameName } from "./names";

/** What is left in a name where a list was not read as it was meant: separators, brackets, quotes, unknown marks. */
const LEFT_OVER = [
  /[|<>{}\\•→\t、，；;]|\s\/\s|\svs\.?\s|["'”’][\s,]+["'“‘]|\s&\s.*\s&\s/u,
  /^[^\p{L}\p{M}\p{N}"'“”‘’«(¿¡†×]/u, // what no name starts with
  /^[([]?(?:\d{1,2}|[a-z]|[ivx]{2,4})[)\]]\s|^(?:\d{1,2}|[ivx]{2,4})\.\s/iu, // an ordinal out of order
];
const PLACES = "(?:first|second|third|fourth|fifth|last|(?:most|more|less|least) likely)";
const THINGS =
  "(?:candidate|option|choice|possibilit(?:y|ie)|(?:sub-?)?(?:category|categorie)|species|name|label|class|classe|answer)s?";
/** Words that announce a name and are none: "Candidate 2", "First option", "name". */
const ANNOUNCEMENT = new RegExp(
  `^(?:${PLACES}|(?:(?:the )?${PLACES} )?${THINGS}(?: (?:names|list))?(?: ?#?(?:\\d{1,2}|[a-z]))?)$`,
  "iu",
);
/** The rule of a table, or one of its rows. */
const TABLE = /^\s*\||^[\s|:+-]+$/u;
const PIECE = /["“”|,;()[\]{}<>]|\s\/\s/u;

/** The first name that looks as if it were none, or several; undefined where all may be names. */
export function doubtfulName(names: readonly string[]): string | undefined {
  return names.find(
    (name) => LEFT_OVER.some((pattern) => pattern.test(name)) || ANNOUNCEMENT.test(name) || !isBalanced(name),
  );
}

/** The first line that is part of a table. */
export function tableLine(lines: readonly string[]): string | undefined {
  return lines.find((line) => line.includes("|") && TABLE.test(line));
}

/** A place where the name that is said stands alone, though it is not among the names read: they may be its notes. */
export function missedName(lines: readonly string[], names: readonly string[], said: string): string | undefined {
  if (said === "" || !isShort(said) || names.some((name) => namesLabel(name, said))) return undefined;
  return lines
    .flatMap((line) => line.split(NOTE_MARK))
    .flatMap((part) => part.split(PIECE))
    .find((piece) => piece.trim() !== "" && sameName(piece, said));
}

function isBalanced(name: string): boolean {
  const count = (character: string): number => name.split(character).length;
  return count("(") === count(")") && count("[") === count("]");
}
