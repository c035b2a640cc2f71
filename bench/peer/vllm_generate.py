"""One side of bench/generation: vLLM's CPU engine, in this process, sampling on each command.

    PYTHONPATH=bench/peer/start python bench/peer/vllm_generate.py --model DIR --task FILE [--eager] [--processes]

Reads `{"command": "generate", "pictures": 16, "round": 0}` or `{"command": "stop"}` lines on stdin, answers a JSON line
each on stdout; the first line says that the engine is ready. Threads come from OMP_NUM_THREADS.
What is timed is one `LLM.generate`: image processor, prompts, sampling, text. Pictures are new in every round, so that nothing
is found in a cache of an earlier one; the answers of one prompt share its cache, as vLLM does it for `n`.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")  # GiB: room for every answer of the bench at once
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # whatever the libraries print goes to stderr; stdout carries answers only


def answer(message: dict) -> None:
    ANSWERS.write(json.dumps(message) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a checkpoint's folder")
    parser.add_argument("--task", type=Path, required=True, help="the task that bench/generation.ts wrote")
    parser.add_argument("--eager", action="store_true", help="without torch.compile")
    parser.add_argument("--processes", action="store_true", help="engine and front end in two processes")
    args = parser.parse_args()
    if not args.processes:
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    import numpy as np
    import torch
    import vllm
    from PIL import Image
    from vllm import LLM, SamplingParams

    task = json.loads(args.task.read_text())
    side, new_tokens = task["imageSide"], task["newTokens"]
    model = LLM(
        model=str(args.model),
        dtype="float32",
        enforce_eager=args.eager,
        max_model_len=512,
        max_num_seqs=256,
        limit_mm_per_prompt={"image": 1, "video": 0},
        generation_config="vllm",
        disable_log_stats=True,
        seed=0,
    )
    tokenizer = model.get_tokenizer()
    content = [{"type": "image"}, {"type": "text", "text": task["text"]}]
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": content}], add_generation_prompt=True, tokenize=False
    )

    def pictures(round_: int, count: int) -> list:
        rng = np.random.default_rng(round_)
        return [Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)) for _ in range(count)]

    def request(image) -> dict:
        return {"prompt": prompt, "multi_modal_data": {"image": image}}

    def probe() -> list[float]:
        """log π of the task's probe answer under its picture: the harness compares it with the other side's."""
        grey = Image.fromarray(np.full((side, side, 3), 128, dtype=np.uint8))
        ids = tokenizer.encode(prompt, add_special_tokens=False) + task["probe"]
        scored = model.generate(
            {"prompt_token_ids": ids, "multi_modal_data": {"image": grey}},
            SamplingParams(max_tokens=1, prompt_logprobs=0),
            use_tqdm=False,
        )[0]
        tail = scored.prompt_logprobs[-len(task["probe"]) :]
        return [entry[token].logprob for entry, token in zip(tail, task["probe"])]

    answer(
        {
            "ready": f"vLLM {vllm.__version__}, torch {torch.__version__}",
            "parameters": 0,
            "probe": probe(),
        }
    )
    for line in sys.stdin:
        command = json.loads(line)
        if command["command"] == "stop":
            break
        requests = [request(image) for image in pictures(command["round"], command["pictures"])]
        sampling = SamplingParams(
            n=task["samples"], temperature=1.0, top_p=1.0, max_tokens=new_tokens, min_tokens=new_tokens, ignore_eos=True, seed=None
        )
        start = time.perf_counter()
        outputs = model.generate(requests, sampling, use_tqdm=False)
        seconds = time.perf_counter() - start
        tokens = sum(len(one.token_ids) for output in outputs for one in output.outputs)
        answer({"seconds": seconds, "tokens": tokens})
    ANSWERS.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
