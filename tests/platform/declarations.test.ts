import * as fs from "node:fs";
import * as path from "node:path";
import ts from "@tslab/typescript-for-tslab";
import { describe, expect, it } from "vitest";

/**
 * A notebook's cell is checked by the TypeScript that tslab carries, which is older than ours. Whatever the library
 * exports must be readable for it, or every import in every notebook fails.
 */
const ROOT = path.resolve(__dirname, "../..");
const INDEX = path.join(ROOT, "dist", "index.d.ts");

/** The options of tslab's converter (node_modules/tslab/dist/converter.js), but for skipLibCheck: we do look inside. */
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  esModuleInterop: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  resolveJsonModule: true,
  noEmit: true,
  types: ["node"],
  typeRoots: [path.join(ROOT, "node_modules", "@types")],
};

/** The names that can be imported from a module as values. */
function exportedValues(index: string): string[] {
  const program = ts.createProgram([index], OPTIONS);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(index);
  const symbol = source && checker.getSymbolAtLocation(source);
  const all = symbol === undefined ? [] : checker.getExportsOfModule(symbol);
  return all
    .filter((item) => {
      const real = item.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(item) : item;
      return (real.flags & ts.SymbolFlags.Value) !== 0;
    })
    .map((item) => item.name);
}

/** What this compiler has to say about one cell and about every declaration file under `folder` that it reads. */
function complaints(cell: string, text: string, folder: string): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const plain = ts.createCompilerHost(OPTIONS);
  host.fileExists = (file) => file === cell || plain.fileExists(file);
  host.getSourceFile = (file, target, ...rest) =>
    file === cell ? ts.createSourceFile(file, text, target) : plain.getSourceFile(file, target, ...rest);
  const program = ts.createProgram([cell], OPTIONS, host);
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName === cell || fileName.startsWith(folder));
  const found = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  return found.map(({ file, messageText }) => {
    const where = file === undefined ? "" : path.relative(ROOT, file.fileName);
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

describe("the library's declarations", () => {
  it("are checked with the very compiler that tslab uses", () => {
    expect(ts.version).toBe("5.0.4");
  });

  it("are readable for that compiler, every export of them", () => {
    expect(fs.existsSync(INDEX), "dist is missing; run `npm run build`").toBe(true);
    const names = exportedValues(INDEX);
    expect(names.length).toBeGreaterThan(0);
    const cell = path.join(ROOT, "notebooks", "cell.ts");
    const text = `import { ${names.join(", ")} } from "../dist";\nexport const all = [${names.join(", ")}];\n`;
    expect(complaints(cell, text, path.join(ROOT, "dist"))).toEqual([]);
  });

  it("would be found out if they used newer syntax", () => {
    const cell = path.join(ROOT, "notebooks", "cell.ts");
    // `const` type parameters are of 5.0, so that they pass; accessor types that differ freely are of 5.1.
    expect(complaints(cell, "export declare function f<const T>(x: T): T;", ROOT)).toEqual([]);
    const newer = "export interface Box { get x(): string; set x(value: number); }";
    expect(complaints(cell, newer, path.join(ROOT, "notebooks"))).not.toEqual([]);
  });
});
