const MASK = "(the secret)";
/** A shorter one ("EMPTY", "none") keeps nobody out, and may be a word or a number of an answer: it is taken out of messages alone. */
const SHORTEST = 8;

/**
 * What a server said, without the secret that it was asked with and repeats: as it is, and as JSON, an address or base64 writes it.
 * @param shortest a secret of fewer letters stays
 */
export function withoutSecret(text: string, secret: string, shortest = SHORTEST): string {
  if (secret === "" || secret.length < shortest) return text;
  const forms = secret.length < SHORTEST ? [secret] : formsOf(secret);
  return forms.reduce((rest, form) => rest.replaceAll(form, MASK), text);
}

function formsOf(secret: string): string[] {
  const written = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), ...inBase64(secret)];
  return [...new Set(written.flatMap((form) => [form, form.replaceAll("/", "\\/")]))]; // JSON may write a slash so
}

/** What base64 makes of it behind any other bytes, as in that of "Bearer KEY": the letters that it alone decides. */
function inBase64(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const letters = bytes.toString("base64url").slice(Math.ceil((8 * before) / 6), Math.floor((8 * bytes.length) / 6));
    return [letters, letters.replaceAll("-", "+").replaceAll("_", "/")];
  });
}
