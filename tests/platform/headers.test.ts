import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";

const SRC = path.resolve(__dirname, "../../src");
const FOLDERS = fs
  .readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => path.relative(SRC, path.join(entry.parentPath, entry.name)));

it.each(FOLDERS)(
  "src/%s says what lives there and what must not: in its index, or in a README where it has none",
  (folder) => {
    const [index, readme] = ["index.ts", "README.md"].map((name) => path.join(SRC, folder, name));
    const hasIndex = fs.existsSync(index!);
    expect(fs.existsSync(readme!), "one way, and not both").toBe(!hasIndex);
    const text = fs.readFileSync(hasIndex ? index! : readme!, "utf8");
    const header = hasIndex ? (/^\/\*\*.*?\*\//su.exec(text)?.[0] ?? "") : text;
    expect(header).toMatch(/\b(no|nothing|not|neither|cannot|none)\b/iu);
    expect(header.trim().split("\n").length).toBeLessThanOrEqual(6);
  },
);
