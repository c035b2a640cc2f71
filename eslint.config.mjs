import js from "@eslint/js";
import tseslint from "typescript-eslint";

/**
 * The house rule of docs/architecture.md: imports run one way. A folder may import itself and the folders before it,
 * with one exception: `model` and `engine` never import each other.
 */
const ORDER = [
  "core",
  "config",
  "workers",
  "store",
  "model",
  "engine",
  "data",
  "cot",
  "sft",
  "tapo",
  "eval",
  "analysis",
  "report",
  "miniworld",
  "verify",
  "lab",
  "experiments",
  "site",
  "cli",
];
const forbidden = (folder) => {
  const later = ORDER.slice(ORDER.indexOf(folder) + 1);
  return folder === "engine" ? ["model", ...later] : later;
};
/** Packages that may appear in one folder only. */
const HOME = {
  "danfojs-node": ["report"],
  "plotly.js": ["report"],
  sharp: ["core", "data", "miniworld"],
  "@xenova/transformers": ["model"],
};

const importRules = ORDER.map((folder) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        paths: Object.entries(HOME)
          .filter(([, homes]) => !homes.includes(folder))
          .map(([name, homes]) => ({
            name,
            message: `${name} is used in src/${homes.join(", ")} only (docs/architecture.md).`,
          })),
        patterns: forbidden(folder).map((later) => ({
          regex: `^(\\.\\./)+${later}(/|$)`,
          message: `src/${folder} may not import src/${later}: imports run one way (docs/architecture.md).`,
        })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", ".venv/**", ".setup/**", "runs/**", "site/**", "results/**", "assets/**"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.mts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "Use core/random: every random number is seeded." },
      ],
    },
  },
  {
    files: ["tests/**/*.ts", "bench/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["**/*.cjs"],
    languageOptions: { sourceType: "commonjs", globals: { process: "readonly", console: "readonly" } },
  },
  {
    files: ["**/*.mjs"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        Buffer: "readonly",
      },
    },
  },
  ...importRules,
);
