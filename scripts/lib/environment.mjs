// What the programs that we start see of the user's environment. How the registries are reached is the user's business and
// is kept; settings that would break set-up, or send its files elsewhere, are left out.

/** Where pip finds packages, and how it reaches them. */
const PIP =
  "index-url extra-index-url no-index find-links trusted-host cert client-cert proxy timeout default-timeout retries " +
  "resume-retries cache-dir no-cache-dir keyring-provider";
const PIP_KEPT = new Set(PIP.split(" "));

/** The same for npm: registries (of a scope, too), their keys and certificates, proxies and caches. */
const NPM_KEPT =
  /^npm_config_(registry|@.*|\/\/.*|userconfig|globalconfig|cache|offline|prefer_(off|on)line|(https?_?)?proxy|no_?proxy|ca|cafile|cert|key|strict_ssl|fetch_.*|maxsockets|replace_registry_host|local_address|user_agent)$/;

/** The same for uv. */
const UV_KEPT =
  /^uv_(default_index|index|index_.*|find_links|no_index|offline|insecure_host|native_tls|system_certs|http_.*|request_timeout|keyring_provider|cache_dir|no_cache|link_mode|concurrent_.*)$/;

/** Node's options for certificates, name resolution and memory; one that loads code or waits for a debugger is not kept. */
const NODE_KEPT = /^--(use-(openssl|bundled|system)-ca|openssl-|tls-|dns-result-order|max-old-space-size)/;

/** Whether a variable of the user's is handed on. */
function isKept(name) {
  const key = name.toLowerCase().replaceAll("-", "_");
  if (key.startsWith("npm_config_")) return NPM_KEPT.test(key);
  if (key.startsWith("uv_")) return UV_KEPT.test(key);
  if (key.startsWith("pip_")) return key === "pip_config_file" || PIP_KEPT.has(pipKey(key));
  return !key.startsWith("python") && key !== "__pyvenv_launcher__";
}

const pipKey = (variable) => variable.slice("PIP_".length).toLowerCase().replaceAll("_", "-");

/** The variables that are handed on to programs. */
export function keptVariables(environment) {
  const kept = Object.fromEntries(Object.entries(environment).filter(([name]) => isKept(name)));
  const { NODE_OPTIONS: options, ...others } = kept;
  const nodeOptions = (options ?? "").split(/\s+/).filter((option) => NODE_KEPT.test(option));
  return nodeOptions.length === 0 ? others : { ...others, NODE_OPTIONS: nodeOptions.join(" ") };
}

/**
 * Variables under which pip reads no file of the user's, but has the kept settings out of them.
 * @param settings [section.key, value] pairs as pip_settings.py prints them
 */
export function pipVariables(settings) {
  const variables = keptSettings(settings).map(([key, value]) => [
    `PIP_${key.toUpperCase().replaceAll("-", "_")}`,
    value,
  ]);
  return { ...Object.fromEntries(variables), PIP_CONFIG_FILE: "/dev/null" };
}

/** How uv calls what pip's settings say of the way to the registries. Caches are each program's own. */
const UV_NAMES = new Map([
  ["index-url", "UV_DEFAULT_INDEX"],
  ["extra-index-url", "UV_INDEX"],
  ["no-index", "UV_NO_INDEX"],
  ["find-links", "UV_FIND_LINKS"],
  ["trusted-host", "UV_INSECURE_HOST"],
  ["cert", "SSL_CERT_FILE"],
  ["client-cert", "SSL_CLIENT_CERT"],
  ["proxy", "ALL_PROXY"],
  ["timeout", "UV_HTTP_TIMEOUT"],
  ["default-timeout", "UV_HTTP_TIMEOUT"],
  ["retries", "UV_HTTP_RETRIES"],
  ["keyring-provider", "UV_KEYRING_PROVIDER"],
]);

/** The same for uv, without files of its own. Of several indexes it takes the best version, as pip does, not the first that has the name. */
export function uvVariables(settings) {
  const variables = keptSettings(settings).flatMap(([key, value]) => {
    const name = UV_NAMES.get(key);
    if (name === undefined) return [];
    return [[name, name === "UV_FIND_LINKS" ? value.replaceAll(" ", ",") : value]];
  });
  const always = { UV_NO_CONFIG: "1", UV_INDEX_STRATEGY: "unsafe-best-match", UV_PYTHON_DOWNLOADS: "never" };
  return { ...Object.fromEntries(variables), ...always };
}

/** The kept settings as [key, value] pairs, in the order in which the later wins. */
function keptSettings(settings) {
  const order = ["global", "install", ":env:"]; // pip's own
  return settings
    .map(([name, value]) => ({ section: name.split(".")[0], key: name.slice(name.indexOf(".") + 1), value }))
    .filter(({ section, key }) => order.includes(section) && PIP_KEPT.has(key))
    .sort((a, b) => order.indexOf(a.section) - order.indexOf(b.section))
    .map(({ key, value }) => [key, value.split(/\s+/).join(" ").trim()]);
}
