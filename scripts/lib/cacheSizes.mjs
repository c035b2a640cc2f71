// Where TensorFlow's library keeps the cache sizes that Eigen cuts products by, for scripts/native/portable.cc.
import { execFileSync } from "node:child_process";

const SIZES = "_ZZN5Eigen8internal20manage_caching_sizesENS_6ActionEPlS2_S2_E12m_cacheSizes";
const GUARD = SIZES.replace("_ZZN", "_ZGVZN");
const ANCHOR = "TF_Version";

/**
 * The compiler's definitions that tell their places, counted from an exported function.
 * @param library TensorFlow's shared library
 * @returns none where they cannot be read: no `nm`, or a library without its symbol table
 */
export function cacheSizeDefinitions(library) {
  const places = readPlaces(library);
  const [anchor, sizes, guard] = [ANCHOR, SIZES, GUARD].map((name) => places.get(name));
  if (anchor === undefined || sizes === undefined || guard === undefined) return [];
  return [`CACHE_SIZES_FROM_TF_VERSION=${sizes - anchor}`, `CACHE_SIZES_GUARD_FROM_TF_VERSION=${guard - anchor}`];
}

/** name → address; the table has a million lines, of which the shell hands on three. */
function readPlaces(library) {
  const pattern = `^[0-9a-f]+ . (${ANCHOR}|${SIZES}|${GUARD})(@.*)?$`;
  try {
    const lines = execFileSync("sh", ["-c", 'nm "$1" 2>/dev/null | grep -E "$2"', "sh", library, pattern], {
      encoding: "utf8",
    });
    return new Map(
      lines
        .trim()
        .split("\n")
        .map((line) => line.split(" "))
        .map(([address, , name]) => [name.replace(/@.*/, ""), Number.parseInt(address, 16)]),
    );
  } catch {
    return new Map();
  }
}
