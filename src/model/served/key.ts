import { LabError } from "../../core/errors";

/** Keys of servers come from the environment alone. They are read for every request and held nowhere: what holds one could be written down. */

const PLAIN = "FINE_R1_API_KEY";
/** The hosts that this process asks, or is going to. */
const hosts = new Set<string>();
/** The one that was given the plain key. */
let trusted: string | undefined;

/** The variable that holds the key of a host: for "lab-box:8000" its name ends in _LAB_BOX_8000. */
export function keyVariable(host: string): string {
  return `${PLAIN}_${host.toUpperCase().replaceAll(/[^A-Z0-9]/gu, "_")}`;
}

/** Says what will be asked, before the first of it is: then the plain key does not go to whichever happens to come first. @param wheres addresses */
export function expectServers(wheres: readonly string[]): void {
  for (const where of wheres) if (URL.canParse(where)) hosts.add(new URL(where).host);
}

/**
 * The key for a host, "" where there is none: its own, else the plain one, which goes to the only host that a process asks. Nobody can tell whose
 * it is where there are several, and a paid key must not go to somebody else's machine.
 * @throws LabError where the plain one is set and this is not the only host, where its own has the name of another host's, and for what no header
 * can carry
 */
export function keyFor(host: string): string {
  hosts.add(host);
  const own = keyIn(keyVariable(host));
  const plain = keyIn(PLAIN);
  const twin = [...hosts].find((other) => other !== host && keyVariable(other) === keyVariable(host));
  if (own !== "" && twin !== undefined) {
    const reason = `is not given the key in ${keyVariable(host)}: that may be for ${twin}, which this process also asks`;
    throw new LabError(reason, "Ask them in processes of their own.", { subject: `served:${host}` });
  }
  if (own !== "") return own;
  if (plain === "" || trusted === host) return plain;
  const others = [...hosts].filter((other) => other !== host);
  if (others.length > 0) {
    const reason = `is not given the key in ${PLAIN}: that is for the only server of a process, and this one also asks ${others.join(", ")}`;
    const names = [host, ...others].map(keyVariable).join(", ");
    const anew = "or start this process (a notebook's kernel) anew where the others are asked no longer";
    const remedy = `Name keys after their servers (${names}), give none where none is wanted, and unset ${PLAIN}; ${anew}.`;
    throw new LabError(reason, remedy, { subject: `served:${host}` });
  }
  trusted = host;
  return plain;
}

/** A key without the line feed or spaces at its ends that a file or a paste leaves there: no key has any. */
function keyIn(variable: string): string {
  const key = (process.env[variable] ?? "").trim();
  const odd = /[^\x20-\x7e]/u.exec(key);
  if (odd === null) return key;
  const what = `character ${odd.index + 1} of ${key.length} (a line end, or no plain letter)`;
  throw new LabError(`the key cannot be sent: ${what}`, `Set ${variable} to the key alone.`, { subject: variable });
}
