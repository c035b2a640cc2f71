"""Triplets in the rows of the released trainer: `images` (anchor), `image_noisy` (positive), `image_aug` (negative), `problem`, `answer`."""

from pathlib import Path
from typing import Any

import torch
from jinja2 import Template
from verl.utils.dataset.rl_dataset import RLHFDataset

COLUMNS = {"raw_prompt": "images", "raw_prompt_positive": "image_noisy", "raw_prompt_negative": "image_aug"}
"""The question about each of the three pictures, by the column of its picture."""

_MESSAGES = "messages"


class TapoDataset(RLHFDataset):
    """verl's dataset of prompts, each with the same question about the anchor, its positive and its negative.

    `data.train_files` may be a folder of parquet files. `data.format_prompt` names a template that every question is rendered with
    (`{{ content }}`), as in the released trainer; None: questions are whole.
    """

    def __init__(self, data_files: Any, tokenizer: Any, config: Any, **others: Any) -> None:
        path = config.get("format_prompt", None)
        self._template = None if path is None else Template(Path(path).read_text(encoding="utf-8").strip())
        super().__init__(_files_of(data_files), tokenizer, config, **others)

    def _build_messages(self, example: dict[str, Any], key: str, column: str = "images") -> list[dict[str, Any]]:
        problem = example["problem"]
        text = problem if self._template is None else self._template.render(content=problem)
        row = {_MESSAGES: [{"role": "user", "content": text}], self.image_key: example[column]}
        messages = super()._build_messages(row, key=_MESSAGES)
        for part in messages[0]["content"]:
            if part["type"] == "image":  # the bounds of the processor, so that nothing is resized twice
                part.update({k: v for k, v in self.mm_processor_kwargs.items() if k in ("min_pixels", "max_pixels")})
        return messages

    def __getitem__(self, item: int) -> dict[str, Any]:
        example = self.dataframe[item]
        return {
            **{name: self._build_messages(example, self.prompt_key, column) for name, column in COLUMNS.items()},
            "data_source": "fine-r1",
            "reward_model": {"style": "rule", "ground_truth": example["answer"]},
            "extra_info": {"index": item},
            "index": item,
            "tools_kwargs": {},
            "interaction_kwargs": {},
            "dummy_tensor": torch.tensor([0], dtype=torch.uint8),  # as in RLHFDataset: a batch must hold a tensor
        }


def _files_of(data_files: Any) -> list[str]:
    """The files that are meant, folders taken as the parquet files in them."""
    given = [data_files] if isinstance(data_files, str) else list(data_files)
    files: list[str] = []
    for one in given:
        found = sorted(str(file) for file in Path(one).glob("*.parquet")) if Path(one).is_dir() else [one]
        if not found:
            raise FileNotFoundError(f"no parquet file in {one}")
        files.extend(found)
    return files
