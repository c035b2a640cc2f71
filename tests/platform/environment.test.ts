import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** What the user's environment may do to set-up: say how registries are reached, and nothing else. */
const ROOT = path.resolve(__dirname, "../..");
const LIB = path.join(ROOT, "scripts", "lib");
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-environment-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What an expression over the exports of scripts/lib gives, evaluated by a process with this environment. */
function evaluate(expression: string, env: Readonly<Record<string, string>> = {}): unknown {
  const modules = ["environment", "places", "shell", "prerequisites"].map((name) => path.join(LIB, `${name}.mjs`));
  const imports = modules.map((file) => `await import(${JSON.stringify(pathToFileURL(file).href)})`);
  const source = `const lib = Object.assign({}, ${imports.join(", ")}); console.log(JSON.stringify(await (${expression})));`;
  const file = path.join(folder, "program.mjs"); // a file: NODE_OPTIONS may hold what forbids --eval
  fs.writeFileSync(file, source);
  const base = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", env: { ...base, ...env } });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

const USERS = {
  PIP_USER: "1",
  PIP_TARGET: "/elsewhere",
  PIP_LOG: "/elsewhere/log",
  PIP_CONSTRAINT: "/elsewhere/constraints.txt",
  PYTHONPATH: "/elsewhere",
  PYTHONHOME: "/elsewhere",
  PYTHONPYCACHEPREFIX: "/elsewhere",
  UV_TARGET: "/elsewhere",
  UV_CONSTRAINT: "/elsewhere/constraints.txt",
  npm_config_prefix: "/elsewhere",
  npm_config_global: "true",
  NPM_CONFIG_OMIT: "dev",
  npm_config_dry_run: "true",
};
const REACH = {
  PIP_INDEX_URL: "https://pip.example/simple",
  PIP_CERT: "/etc/own.pem",
  PIP_CONFIG_FILE: "/etc/own-pip.conf",
  UV_DEFAULT_INDEX: "https://uv.example/simple",
  UV_CACHE_DIR: "/cache/uv",
  npm_config_registry: "https://npm.example/",
  "npm_config_@scope:registry": "https://scope.example/",
  "npm_config_//npm.example/:_authToken": "secret",
  NPM_CONFIG_CAFILE: "/etc/own.pem",
  npm_config_https_proxy: "http://proxy.example",
  npm_config_userconfig: "/home/u/.npmrc",
  HTTPS_PROXY: "http://proxy.example",
};

describe("the environment of the programs we start", () => {
  it("keeps how registries are reached, and drops what leads elsewhere", () => {
    const kept = evaluate(`lib.projectEnvironment(${JSON.stringify({ ...USERS, ...REACH })})`) as NodeJS.ProcessEnv;
    expect(kept).toMatchObject(REACH);
    expect(Object.keys(USERS).filter((name) => name in kept)).toEqual([]);
  });

  it("keeps Node's options for certificates and memory, and none that loads code", () => {
    const options = "--require /elsewhere/hook.js --max-old-space-size=4096 --inspect-brk --use-openssl-ca";
    expect(evaluate(`lib.keptVariables({ NODE_OPTIONS: ${JSON.stringify(options)} })`)).toEqual({
      NODE_OPTIONS: "--max-old-space-size=4096 --use-openssl-ca",
    });
    expect(evaluate(`lib.keptVariables({ NODE_OPTIONS: "--inspect" })`)).toEqual({});
  });

  it("lets Python be found under a PYTHONHOME that breaks it", () => {
    const broken = { PYTHONHOME: "/nonexistent", PYTHONPATH: folder };
    fs.writeFileSync(path.join(folder, "json.py"), "raise SystemExit('the wrong json')\n");
    expect(evaluate("lib.findPython().version", broken)).toMatch(/^3\.\d+\.\d+$/);
  });
});

describe("pip's settings", () => {
  it("come out of all its files, the later section winning, without those that send files elsewhere", () => {
    const settings = [
      ["global.index-url", "https://global.example/simple"],
      ["install.index-url", "https://install.example/simple"],
      ["global.extra-index-url", "https://a.example\nhttps://b.example"],
      ["global.target", "/elsewhere"],
      ["global.user", "true"],
      ["install.dry-run", "true"],
      ["download.index-url", "https://not-for-install.example"],
      [":env:.timeout", "9"],
    ];
    expect(evaluate(`lib.pipVariables(${JSON.stringify(settings)})`)).toEqual({
      PIP_INDEX_URL: "https://install.example/simple",
      PIP_EXTRA_INDEX_URL: "https://a.example https://b.example",
      PIP_TIMEOUT: "9",
      PIP_CONFIG_FILE: "/dev/null",
    });
  });

  it("are told uv by its own names", () => {
    const settings = [
      ["global.find-links", "/wheels\nhttps://wheels.example"],
      ["global.extra-index-url", "https://a.example https://b.example"],
      ["global.cert", "/own/ca.pem"],
      ["global.target", "/elsewhere"],
      ["global.cache-dir", "/pips/own"],
      [":env:.default-timeout", "9"],
    ];
    expect(evaluate(`lib.uvVariables(${JSON.stringify(settings)})`)).toEqual({
      UV_FIND_LINKS: "/wheels,https://wheels.example",
      UV_INDEX: "https://a.example https://b.example",
      SSL_CERT_FILE: "/own/ca.pem",
      UV_HTTP_TIMEOUT: "9",
      UV_NO_CONFIG: "1",
      UV_INDEX_STRATEGY: "unsafe-best-match",
      UV_PYTHON_DOWNLOADS: "never",
    });
  });

  it("are read from a real pip, whose file sends packages elsewhere", () => {
    const file = path.join(folder, "pip.conf");
    fs.writeFileSync(
      file,
      `[global]\nindex-url = https://own.example/simple\ntarget = ${folder}/elsewhere\nuser = true\n`,
    );
    const program = "lib.pipVariables(JSON.parse(lib.ask(lib.PYTHON, [lib.ROOT + '/scripts/lib/pip_settings.py'])))";
    const variables = evaluate(program, { PIP_CONFIG_FILE: file, PIP_TARGET: folder }) as NodeJS.ProcessEnv;
    expect(variables).toMatchObject({ PIP_INDEX_URL: "https://own.example/simple", PIP_CONFIG_FILE: "/dev/null" });
    expect(variables).not.toHaveProperty("PIP_TARGET");
    expect(variables).not.toHaveProperty("PIP_USER");
    // and pip, under these variables, sees none of them
    const { stdout } = spawnSync(path.join(ROOT, ".venv", "bin", "python"), ["-m", "pip", "config", "list"], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: folder, ...variables },
    });
    expect(stdout).toContain(":env:.index-url='https://own.example/simple'");
    expect(stdout).not.toMatch(/target|user/);
  });
});
