import { afterAll, describe, expect, it } from "vitest";
import { fineR1, newHome, removeHome } from "./home";

const home = newHome("models-cli");
afterAll(() => {
  removeHome(home);
});

describe("models", () => {
  it("lists every row, and shows one with the commands to get and ask it", () => {
    const { status, stdout } = fineR1(home, ["models"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/siglip-l +SigLIP-L +google\/siglip-large-patch16-384 +onnx +2\.4 +to choose/u);
    expect(stdout).toMatch(/fine-r1-7b +Fine-R1-7B +StevenHH2000\/Fine-R1-7B +qwen, served +15\.4 +to think/u);
    const shown = fineR1(home, ["models", "show", "qwen2-vl-7b"]).stdout;
    expect(shown).toContain(
      "vision 675.76 M + language 7615.62 M = 8291.4 M parameters × 2 bytes (bfloat16) = 15.4 GiB",
    );
    expect(shown).toContain(`vllm serve Qwen/Qwen2-VL-7B-Instruct --revision main --port 8000 --max-model-len 8192 --generation-config vllm --limit-mm-per-prompt '{"image": 1}' --mm-processor-kwargs '{"max_pixels": 1003520}'`); // prettier-ignore
    expect(shown).toContain("export FINE_R1_SERVER_QWEN2_VL_7B=http://localhost:8000/v1");
    expect(shown).toContain("npx fine-r1 run open-world --profile paper --rows qwen2-vl-7b");
    const there = fineR1(home, ["models", "show", "qwen2-vl-7b"], { FINE_R1_SERVER: "http://gpu/v1" }).stdout;
    expect(there).toContain("served:http://gpu/v1#Qwen/Qwen2-VL-7B-Instruct");
  });

  it("refuses a row that is nowhere, and one that there is not, in a line", () => {
    const run = (row: string, ...ids: string[]) => fineR1(home, ["run", ...ids, "-p", "smoke", "--rows", row]);
    const { status, stderr } = run("idefics2-8b", "closed-world");
    expect([status, stderr.trim()]).toEqual([
      1,
      "fine-r1: row:idefics2-8b: the checkpoint is not there. `npx fine-r1 models show idefics2-8b` says how to get or serve it.",
    ]);
    expect(run("idefics3", "closed-world").stderr).toMatch(/there is no model "idefics3"\. Did you mean "?idefics/u);
    expect(run("idefics2-8b", "closed-world", "open-world").stderr).toMatch(/--rows names methods of one experiment/u);
  });
});
