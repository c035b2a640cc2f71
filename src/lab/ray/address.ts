import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { readText } from "../../core/files";

/**
 * Where a cluster's Jobs server is: what is given, else RAY_API_SERVER_ADDRESS, else RAY_ADDRESS, as Ray's own commands have it.
 * @throws LabError for none, for one of another kind, and for a given one that holds what may be secret, which is not repeated
 */
export function rayAddress(given?: string): URL {
  if (given !== undefined && /[@?#]/u.test(given)) {
    const reason = "holds a name, a password, a query or a #, and a command is written down with every run";
    const how =
      "Set RAY_API_SERVER_ADDRESS instead, or give the address alone, and the cluster's token in RAY_AUTH_TOKEN.";
    throw new LabError(reason, how, { subject: "--address" });
  }
  const named = given ?? variable("RAY_API_SERVER_ADDRESS") ?? variable("RAY_ADDRESS") ?? "";
  const remedy =
    "Give --address http://HEAD:8265, the address of the cluster's dashboard, or set RAY_API_SERVER_ADDRESS.";
  if (named === "") throw new LabError("no Ray cluster is named", remedy);
  const text = named.includes("://") ? named : `http://${named}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    const subject = /[@?]/u.test(named) ? "the cluster's address" : JSON.stringify(named); // that may hold a password
    throw new LabError("is no address of a Jobs server", remedy, { subject });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/** The password of a cluster, and where it was found, which may be said. */
export interface Token {
  readonly token: string;
  readonly from: string;
}

/**
 * The token that is named for clusters, as Ray's own commands have it: RAY_AUTH_TOKEN, or the file that RAY_AUTH_TOKEN_PATH names. It is sent
 * in a header and written nowhere.
 * @throws LabError for a file that cannot be read or is empty
 */
export function rayToken(): Token | undefined {
  const token = variable("RAY_AUTH_TOKEN");
  if (token !== undefined) return { token, from: "RAY_AUTH_TOKEN" };
  const file = variable("RAY_AUTH_TOKEN_PATH");
  return file === undefined ? undefined : tokenIn(file);
}

/** The token that Ray keeps for this user, ~/.ray/auth_token, for a cluster that asks for one while none is named. */
export function ownToken(): Token | undefined {
  const file = path.join(os.homedir(), ".ray", "auth_token");
  return variable("RAY_AUTH_MODE") === "disabled" || !fs.existsSync(file) ? undefined : tokenIn(file);
}

function tokenIn(file: string): Token {
  const token = readText(file).trim();
  if (token === "") throw new LabError("holds no token", "Write the cluster's token into it.", { subject: file });
  return { token, from: file };
}

function variable(name: string): string | undefined {
  const value = (process.env[name] ?? "").trim();
  return value === "" ? undefined : value;
}
