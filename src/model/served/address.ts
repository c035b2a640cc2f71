import { LabError } from "../../core/errors";
import { keyVariable } from "./key";

/** Where a model is served, and what it is called there. */
export interface Address {
  /** The API's root without a slash at its end, such as "http://127.0.0.1:8000/v1". */
  readonly api: string;
  /** The same without "/v1": servers have paths of their own there. */
  readonly root: string;
  /** With its port, such as "127.0.0.1:8000". */
  readonly host: string;
  readonly model: string;
  /** How errors and people call it: as it was named, without what might be secret. */
  readonly shown: string;
}

const FORM = "Write served:http://HOST:PORT/v1#MODEL; docs/served.md has examples.";

/**
 * Makes sure that the place of a model is nobody's secret, wherever one is read: it is shown, and kept in the record of every run, whether or
 * not anything is asked there. Places that are no addresses pass.
 * @param at such as "served:http://HOST/v1#MODEL", or an address alone
 * @throws LabError that does not repeat it
 */
export function requirePublic(at: string): void {
  if (!/^(?:served|https?):/iu.test(at)) return;
  const where = at.replace(/^served:/u, "");
  const url = URL.canParse(where) ? new URL(where) : undefined;
  const read = url !== undefined && url.host !== ""; // of what is no address of a host, anything before an @ may be meant as a password
  const secret = read ? url.username !== "" || url.password !== "" || url.search !== "" : /^[^#]*[@?]/u.test(where);
  if (!secret) return;
  const reason = "holds a name, a password or a query, which would be written down with every run";
  const variable = keyVariable(read ? url.host : "HOST");
  const remedy = `Give the address alone, and the key in the environment variable ${variable}.`;
  throw new LabError(reason, remedy, { subject: read ? `served:${url.protocol}//${url.host}` : "an address behind served:" }); // prettier-ignore
}

/**
 * Reads what stands behind "served:".
 * @throws LabError when it is no http address, names no model, or holds a password or key: those come from the environment only
 */
export function parseAddress(where: string): Address {
  const subject = `served:${where}`;
  requirePublic(subject);
  let url: URL;
  try {
    url = new URL(where);
  } catch {
    throw new LabError("is no address", FORM, { subject });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new LabError("is no http address", FORM, { subject });
  const model = decoded(url.hash.slice(1));
  if (model === undefined) {
    throw new LabError("names a model that cannot be read: a % stands for itself", `Write %25 for it. ${FORM}`, { subject }); // prettier-ignore
  }
  if (model === "") throw new LabError("names no model behind a #", FORM, { subject });
  const path = url.pathname.replace(/\/+$/u, "");
  const api = `${url.protocol}//${url.host}${path === "" ? "/v1" : path}`;
  return { api, root: api.replace(/\/v1$/u, ""), host: url.host, model, shown: `served:${api}#${model}` };
}

/** @returns `undefined` for what is no text of a URL, such as "a%b" */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
