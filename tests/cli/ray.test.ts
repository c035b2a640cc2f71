import { afterAll, expect, it } from "vitest";
import { newHome, printed, refusal, removeHome } from "./home";

const home = newHome("ray");
afterAll(() => {
  removeHome(home);
});
const nowhere = { RAY_ADDRESS: "", RAY_API_SERVER_ADDRESS: "", RAY_AUTH_TOKEN: "", RAY_AUTH_TOKEN_PATH: "" };

it("what is for a cluster is refused without one", () => {
  const run = ["run", "ratio", "-p", "smoke"];
  expect(refusal(home, [...run, "--jobs", "2"], nowhere)).toBe(
    "fine-r1: --jobs is for a cluster. Add --executor ray, or leave it out.",
  );
  expect(refusal(home, [...run, "--executor", "ray"], nowhere)).toMatch(
    /^fine-r1: no Ray cluster is named. Give --address/u,
  );
  expect(refusal(home, [...run, "--cpus", "many"], nowhere)).toBe(
    'fine-r1: "many" is no amount. Give a number, such as 1, 0.5 or 16.',
  );
  expect(refusal(home, ["ray", "jobs"], nowhere)).toMatch(/^fine-r1: no Ray cluster is named. Give --address/u);
  expect(refusal(home, ["ray", "submit", "--env", "SEED", "--", "true"], nowhere)).toContain(
    '"SEED" is not of the form key=value',
  );
});

it("help says how a cluster is named", () => {
  expect(printed(home, "ray", "submit", "--help")).toMatch(/--address <url> +a Ray cluster's dashboard/u);
});
