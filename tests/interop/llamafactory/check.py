"""LLaMA-Factory's own reading of an export, and a training step on it.

    python check.py data SETTINGS       its data pipeline on every example; prints what it made of them
    python check.py train SETTINGS OUT  one step of full fine-tuning on a CPU; prints what changed
    python check.py parquet FOLDER      `datasets` on stage 2's rows; prints them
"""

import json
import sys
from pathlib import Path

import yaml


def settings_of(file: str, **changes: object) -> dict:
    """The exported settings, for one process on a CPU."""
    given = yaml.safe_load(Path(file).read_text())
    return {**given, "bf16": False, "use_cpu": True, "overwrite_cache": True, **changes}


def read_data(file: str) -> dict:
    from llamafactory.data import get_dataset, get_template_and_fix_tokenizer
    from llamafactory.hparams import get_train_args
    from llamafactory.model import load_tokenizer

    model_args, data_args, training_args, _, _ = get_train_args(settings_of(file))
    modules = load_tokenizer(model_args)
    tokenizer = modules["tokenizer"]
    template = get_template_and_fix_tokenizer(tokenizer, data_args)
    rows = get_dataset(template, model_args, data_args, training_args, stage="sft", **modules)["train_dataset"]
    pad = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    examples = [
        {
            "tokens": len(row["input_ids"]),
            "imageTokens": row["input_ids"].count(pad),
            "images": [str(image) for image in row["images"]],
            "read": tokenizer.decode([token for token in row["input_ids"] if token != pad]),
            "learnt": tokenizer.decode([token for token in row["labels"] if token != -100]),
        }
        for row in rows
    ]
    return {"template": data_args.template, "examples": examples}


def train(file: str, out: str) -> dict:
    import torch
    from llamafactory.train.tuner import run_exp
    from safetensors.torch import load_file

    changes = {"output_dir": out, "max_steps": 1, "save_steps": 1, "warmup_steps": 0, "learning_rate": 1e-3}
    settings = settings_of(file, **changes, per_device_train_batch_size=2, gradient_accumulation_steps=2)
    torch.set_num_threads(1)
    run_exp(settings)
    before = load_file(Path(settings["model_name_or_path"]) / "model.safetensors")
    after = load_file(Path(out) / "model.safetensors")
    if set(before) != set(after):
        raise SystemExit(f"other weights: {sorted(set(before) ^ set(after))[:4]}")
    moved = sorted(name for name in before if not torch.equal(before[name].float(), after[name].float()))
    log = [json.loads(line) for line in (Path(out) / "trainer_log.jsonl").read_text().splitlines()]
    state = json.loads((Path(out) / "trainer_state.json").read_text())
    losses = [one["loss"] for one in log if "loss" in one]
    return {"steps": state["global_step"], "losses": losses, "moved": moved, "all": sorted(before)}


def read_rows(folder: str) -> dict:
    import datasets
    from datasets import load_dataset

    rows = load_dataset("parquet", data_dir=folder, split="train")
    return {
        "datasets": datasets.__version__,
        "features": {name: str(feature) for name, feature in rows.features.items()},
        "rows": [
            {
                "problem": row["problem"],
                "answer": row["answer"],
                "sizes": [[*image.size, image.mode] for key in ("images", "image_noisy", "image_aug") for image in row[key]],
            }
            for row in rows
        ],
    }


if __name__ == "__main__":
    what, *args = sys.argv[1:]
    result = {"data": read_data, "train": train, "parquet": read_rows}[what](*args)
    print("RESULT " + json.dumps(result))
