import { beforeAll } from "vitest";
import { loadBackend } from "../src/core/backend";

beforeAll(async () => {
  await loadBackend();
});
