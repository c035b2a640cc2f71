"""One side of bench/tapo-vs-trl: TRL's GRPOTrainer with the DAPO loss, a step on each command.

    python bench/peer/trl_step.py --task .setup/bench/0.6M [--cache dynamic|static] [--optim adamw_torch|...]

Reads `{"command": "step"}` or `{"command": "stop"}` lines on stdin, answers a JSON line each on stdout; the first line
says that the trainer is ready. Threads come from OMP_NUM_THREADS. What is timed:
    total       from on_step_begin to on_step_end: everything between fetching the rows and the next fetch
    generation  GRPOTrainer._generate: chat template, image processor, sampling, decoding
    scoring     the rest of _generate_and_score_completions: rewards, advantages, the processor's second pass. In the
                aligned setting TRL needs no old log-probs (the ratio is 1 by construction), so it makes no forward pass.
    update      the rest of the step: forward, loss, backward, clipping, AdamW
Nothing is logged, saved or reported, gradient checkpointing is off, float32, no dropout: the trainer at its fastest.
"""

import argparse
import base64
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)  # whatever the libraries print goes to stderr; stdout carries answers only

import torch  # noqa: E402
from torchvision_ops import make_torchvision_importable  # noqa: E402

make_torchvision_importable()

import transformers  # noqa: E402
import trl  # noqa: E402
from datasets import Dataset  # noqa: E402
from PIL import Image  # noqa: E402
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration, TrainerCallback  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402


def answer(message: dict) -> None:
    ANSWERS.write(json.dumps(message) + "\n")


class Stopwatch:
    """Seconds spent in named sections of the step under way."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def wrap(self, owner: object, method: str, name: str) -> None:
        inner = getattr(owner, method)

        def timed(*args, **kwargs):
            start = time.perf_counter()
            try:
                return inner(*args, **kwargs)
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start

        setattr(owner, method, timed)


class StepOnCommand(TrainerCallback):
    """Holds the trainer at the beginning of each step until a command arrives, and reports the step at its end."""

    def __init__(self, watch: Stopwatch) -> None:
        self.watch = watch
        self.started = 0.0
        self.tokens = 0

    def on_step_begin(self, args, state, control, **kwargs):
        line = sys.stdin.readline()
        if not line or json.loads(line)["command"] == "stop":
            # The step that this point belongs to is never run.
            ANSWERS.flush()
            os._exit(0)
        self.watch.spent.clear()
        self.started = time.perf_counter()

    def on_step_end(self, args, state, control, **kwargs):
        total = time.perf_counter() - self.started
        generation = self.watch.spent["generate"]
        rollout = self.watch.spent["generateAndScore"]
        answer(
            {
                "total": total,
                "generation": generation,
                "scoring": rollout - generation,
                "update": total - rollout,
                "tokens": self.tokens,
            }
        )


def make_dataset(task: dict) -> Dataset:
    """The task's prompts with their anchor images, over and over: each step draws all of them once."""
    side = task["imageSide"]
    rows = {"prompt": [], "image": []}
    for prompt in task["prompts"]:
        pixels = base64.b64decode(prompt["anchor"])
        rows["prompt"].append([{"role": "user", "content": prompt["text"]}])
        rows["image"].append(Image.frombytes("RGB", (side, side), pixels))
    return Dataset.from_dict(rows)


def probe(model, processor, task: dict) -> list[float]:
    """log π of the task's probe completion under its first prompt: the harness compares it with the other side's."""
    side, prompt = task["imageSide"], task["prompts"][0]
    image = Image.frombytes("RGB", (side, side), base64.b64decode(prompt["anchor"]))
    content = [{"type": "image", "image": image}, {"type": "text", "text": prompt["text"]}]
    inputs = processor.apply_chat_template(
        [{"role": "user", "content": content}],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    length = len(task["probe"])
    for name, filling in [("input_ids", None), ("attention_mask", 1), ("mm_token_type_ids", 0)]:
        if name in inputs:
            tail = torch.tensor([task["probe"] if filling is None else [filling] * length])
            inputs[name] = torch.cat([inputs[name], tail], dim=1)
    with torch.no_grad():
        logits = model(**inputs).logits[0, -length - 1 : -1]
    chosen = torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(task["probe"])[:, None])
    return chosen[:, 0].tolist()


def make_trainer(args: argparse.Namespace, task: dict, callback: StepOnCommand, output: str) -> GRPOTrainer:
    folder = str(args.task / "model")
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    processor = AutoProcessor.from_pretrained(folder, padding_side="left")
    batch = len(task["prompts"]) * task["rollouts"]

    def reward(completion_ids, **_):
        callback.tokens = sum(len(ids) for ids in completion_ids)
        return [float(ids[0] % 2) for ids in completion_ids]

    config = GRPOConfig(
        output_dir=output,
        loss_type="dapo",
        epsilon=0.2,
        epsilon_high=0.28,
        beta=0.0,
        num_generations=task["rollouts"],
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=1,
        steps_per_generation=1,
        max_completion_length=task["newTokens"],
        temperature=1.0,
        top_p=1.0,
        # The stop token is among the suppressed ones: every rollout has exactly newTokens tokens.
        generation_kwargs={"suppress_tokens": task["suppressedTokens"]},
        cache_implementation=None if args.cache == "dynamic" else args.cache,
        learning_rate=1e-6,
        weight_decay=0.01,
        max_grad_norm=1.0,
        lr_scheduler_type="constant",
        optim=args.optim,
        bf16=False,
        use_cpu=True,
        gradient_checkpointing=False,
        max_steps=10**6,
        logging_strategy="no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        seed=0,
    )
    return GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=config,
        train_dataset=make_dataset(task),
        processing_class=processor,
        callbacks=[callback],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", type=Path, required=True, help="a folder that make_model.py wrote")
    parser.add_argument("--cache", default="dynamic", choices=["dynamic", "static"], help="key-value cache")
    parser.add_argument("--optim", default="adamw_torch_fused")
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    task = json.loads((args.task / "task.json").read_text())
    watch = Stopwatch()
    callback = StepOnCommand(watch)
    with tempfile.TemporaryDirectory() as output:
        trainer = make_trainer(args, task, callback, output)
        watch.wrap(trainer, "_generate", "generate")
        watch.wrap(trainer, "_generate_and_score_completions", "generateAndScore")
        answer(
            {
                "ready": f"TRL {trl.__version__}, transformers {transformers.__version__}, torch {torch.__version__}",
                "parameters": sum(p.numel() for p in trainer.model.parameters()),
                "probe": probe(trainer.model.eval(), trainer.processing_class, task),
            }
        )
        trainer.train()


if __name__ == "__main__":
    main()
