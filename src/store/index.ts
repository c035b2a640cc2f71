/**
 * What stages made, kept by what it was made from. Leases, hashes and facts about files and machines; no reports.
 */

export { digest, keyOf, type Json, type Work } from "./key";
export { listFinished, makeOnce, verifyStore, type Finished, type StoreContext } from "./store";
export { versionsNow } from "./facts";
