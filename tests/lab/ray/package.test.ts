import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, expect, it } from "vitest";
import { buildDigest, pack, packProject } from "../../../src/lab/ray/package";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-pack-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});
function folder(name: string, files: Readonly<Record<string, string>>): string {
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(scratch, name, file)), { recursive: true });
    fs.writeFileSync(path.join(scratch, name, file), text);
  }
  return path.join(scratch, name);
}

it("the same files give the same package, without what tools make", async () => {
  const files = {
    "train.sh": "echo",
    "data/ä.json": "{}",
    "node_modules/x/index.js": "1",
    ".git/HEAD": "x",
    "a/.venv/b": "",
  };
  const [one, two] = [folder("one", files), folder("two", files)];
  fs.utimesSync(path.join(one, "train.sh"), 1e9, 1e9);
  const packed = await pack(one);
  expect((await pack(two)).hash).toBe(packed.hash);
  const inside = unzipSync(packed.bytes);
  expect(Object.keys(inside)).toEqual(["data/ä.json", "train.sh"]);
  expect(Buffer.from(inside["train.sh"] ?? []).toString()).toBe("echo");
  fs.chmodSync(path.join(two, "train.sh"), 0o755); // may be run where it is unpacked
  const changed = await pack(two);
  expect(changed.hash).not.toBe(packed.hash);
});

it("a link that leads back to a folder above it is passed over, another is followed", async () => {
  const other = folder("other", { "far.txt": "far" });
  const linked = folder("linked", { "a/x.txt": "x", "b/y.txt": "y" });
  for (const [name, to] of [["a/up", ".."], ["a/b", "../b"], ["b/a", "../a"], ["far", other], ["a/none", "nowhere"], ["self", "self"]] as const) fs.symlinkSync(to, path.join(linked, name)); // prettier-ignore
  expect(Object.keys(unzipSync((await pack(linked)).bytes)).sort()).toEqual(
    ["a/b/y.txt", "a/x.txt", "b/a/x.txt", "b/y.txt", "far/far.txt"], // prettier-ignore
  );
});

it("the project's package has what set-up needs, and no product", async () => {
  const [needed, others] = [
    ["package-lock.json", "requirements.txt", "scripts/setup.mjs", "src/cli.ts", "tsconfig.build.json"],
    ["dist/cli.js", "runs/store/x", "results/x", "tests/x.ts", ".setup/x", "assets/.venv/x"],
  ];
  const root = folder("project", Object.fromEntries([...needed, ...others].map((name) => [name, name])));
  expect(Object.keys(unzipSync((await packProject(root)).bytes)).sort()).toEqual([...needed].sort());
  for (const name of needed) expect(fs.existsSync(path.resolve(__dirname, "../../..", name)), name).toBe(true);
});

it("what is too large is refused, with what is largest in it", async () => {
  const large = folder("large", { "notes.txt": "x" });
  fs.truncateSync(path.join(folder("large", { "weights.bin": "" }), "weights.bin"), 2 ** 30 + 1); // a hole: no byte is written
  await expect(pack(large)).rejects.toThrow(
    /large: is too large for a package: 1024 MiB, unpacked; a cluster takes 100 MiB. .* weights.bin \(1025 MiB\)/u,
  );
});

it("a build is told from another by its program alone", () => {
  const root = folder("build", { "dist/cli.js": "1", "dist/cli.d.ts": "2" });
  const before = buildDigest(root);
  fs.writeFileSync(path.join(root, "dist/cli.d.ts"), "3");
  expect(buildDigest(root)).toBe(before);
  fs.writeFileSync(path.join(root, "dist/cli.js"), "4");
  expect(buildDigest(root)).not.toBe(before);
  expect(() => buildDigest(path.join(root, "dist"))).toThrow(/dist: is not there. Run `npm run build`/u);
});
