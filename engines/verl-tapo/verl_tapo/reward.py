"""The reward of the release (`cls_thinking.py`): 0.9 for the truth inside <answer>, 0.1 for the form."""

import re
from typing import Any

_SPACED = re.compile(r"\s*(<|>|/)\s*")
_FORM = re.compile(r"<think>.*?</think>\s*<answer>.*?</answer>", re.DOTALL)
_ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any] | None = None,
    format_weight: float = 0.1,
    **_: Any,
) -> dict[str, float]:
    """verl's reward function of one answer. "acc" is what groups are filtered by (algorithm.filter_groups.metric)."""
    text = _SPACED.sub(r"\1", solution_str)
    form = 1.0 if _FORM.fullmatch(text) else 0.0
    answer = _ANSWER.search(text)
    accuracy = 1.0 if answer and ground_truth.lower() in answer.group(1).strip().lower() else 0.0
    return {"score": (1 - format_weight) * accuracy + format_weight * form, "acc": accuracy, "format": form}
