"""The loss against recorded numbers of the released trainer, and verl's ways of cutting a batch against the whole."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensordict import TensorDict
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage, get_policy_loss_fn
from verl.utils import tensordict_utils as tu
from verl.workers.config import ActorConfig, FSDPActorConfig, PolicyLossConfig

from verl_tapo.loss import NEGATIVE_LOG_PROBS, beside, tapo_loss
from verl_tapo.options import TapoOptions

VALUE = 1e-6
GRADIENT = 1e-6


def actor(low: float = 0.2, high: float = 0.28, dual: float = 3.0, mode: str = "token-mean") -> ActorConfig:
    return FSDPActorConfig(
        rollout_n=10,
        ppo_micro_batch_size_per_gpu=1,
        clip_ratio_low=low,
        clip_ratio_high=high,
        clip_ratio_c=dual,
        loss_agg_mode=mode,
        policy_loss=PolicyLossConfig(loss_mode="tapo"),
    )


def tensors(case: dict[str, Any]) -> dict[str, torch.Tensor]:
    names = ("responseMask", "oldLogProbs", "logProbs", "negativeLogProbs")
    return {name: torch.tensor(case[name], dtype=torch.float32) for name in names}


def advantages_of(case: dict[str, Any]) -> torch.Tensor:
    """verl's own, over groups of n1 + n2."""
    mask = torch.tensor(case["responseMask"], dtype=torch.float32)
    rewards = torch.zeros_like(mask)
    rewards[:, 0] = torch.tensor(case["rewards"], dtype=torch.float32)
    index = np.array([str(group) for group in case["group"]], dtype=object)
    return compute_grpo_outcome_advantage(rewards, mask, index)[0]


def policy_loss(
    case: dict[str, Any], options: TapoOptions, log_probs: torch.Tensor, config: ActorConfig
) -> tuple[torch.Tensor, dict[str, Any]]:
    t = tensors(case)
    with beside(options, t["negativeLogProbs"]):
        return get_policy_loss_fn("tapo")(
            old_log_prob=t["oldLogProbs"],
            log_prob=log_probs,
            advantages=advantages_of(case),
            response_mask=t["responseMask"],
            loss_agg_mode=config.loss_agg_mode,
            config=config,
        )


@pytest.mark.parametrize("at", range(4))
def test_equals_the_released_trainer(objective: list[dict[str, Any]], at: int) -> None:
    case = objective[at]
    hyper, due = case["hyper"], case["expected"]
    options = TapoOptions(gamma=hyper["gamma"], eta1=hyper["eta1"], eta2=hyper["eta2"])
    config = actor(hyper["clipLow"], hyper["clipHigh"], hyper["clipDual"] or 1e9)
    log_probs = tensors(case)["logProbs"].requires_grad_()
    loss, metrics = policy_loss(case, options, log_probs, config)
    loss.backward()
    torch.testing.assert_close(advantages_of(case), torch.tensor(due["advantages"]), atol=1e-5, rtol=0)
    assert loss.item() == pytest.approx(due["total"], abs=VALUE)
    torch.testing.assert_close(log_probs.grad, torch.tensor(due["gradTotal"]), atol=GRADIENT, rtol=0)
    logged = {
        "actor/tapo_negative_kl": due["klNegative"],
        "actor/tapo_entropy": due["entropy"],
        "actor/tapo_negative_entropy": due["entropyNegative"],
        "actor/ppo_kl": due["ppoKl"],
        "actor/pg_clipfrac": due["clipFracHigher"],
        "actor/pg_clipfrac_lower": due["clipFracLower"],
    }
    for name, value in logged.items():
        assert metrics[name] == pytest.approx(value, abs=VALUE), name


def test_equals_fine_r1_with_other_options(objective: list[dict[str, Any]]) -> None:
    """FINE_R1_OURS: what this project's own objective makes of the first case with other options (the interop suite writes it)."""
    file = os.environ.get("FINE_R1_OURS")
    if file is None:
        pytest.skip("FINE_R1_OURS names no file")
    rows = json.loads(Path(file).read_text())
    assert len(rows) >= 3
    for row in rows:
        log_probs = tensors(objective[0])["logProbs"].requires_grad_()
        config = actor(mode=row["mode"])
        loss, _ = policy_loss(objective[0], TapoOptions(**row["options"]), log_probs, config)
        loss.backward()
        assert loss.item() == pytest.approx(row["loss"], abs=VALUE), row["options"]
        due = torch.tensor(row["gradient"]).reshape(log_probs.shape)
        torch.testing.assert_close(log_probs.grad, due, atol=GRADIENT, rtol=0)


def nested(rows: list[torch.Tensor]) -> torch.Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


def worker_batch(case: dict[str, Any], rows: list[int], log_probs: torch.Tensor) -> tuple[dict, TensorDict]:
    """Rows of a case as verl's workers have them: no padding, log-probs of prompt and answer, one place ahead."""
    t = tensors(case)
    lengths = [int(t["responseMask"][row].sum()) for row in rows]  # masks of the golden file are ones, then zeros
    columns = {
        "response_mask": t["responseMask"].long(),
        "old_log_probs": t["oldLogProbs"],
        "advantages": advantages_of(case),
        NEGATIVE_LOG_PROBS: t["negativeLogProbs"],
    }
    cut = {name: nested([values[row, :n] for row, n in zip(rows, lengths, strict=True)]) for name, values in columns.items()}
    prompt = 3
    cut["prompts"] = nested([torch.ones(prompt, dtype=torch.long) for _ in rows])
    cut["responses"] = nested([torch.ones(n, dtype=torch.long) for n in lengths])
    data = TensorDict(cut, batch_size=len(rows))
    total = int(t["responseMask"].sum())
    tu.assign_non_tensor(data, dp_size=1, batch_num_tokens=total, global_batch_size=len(t["logProbs"]))
    output = [torch.cat([torch.zeros(prompt - 1), log_probs[row, :n], torch.zeros(1)]) for row, n in zip(rows, lengths, strict=True)]
    return {"log_probs": nested(output)}, data


def test_micro_batches_add_up_to_the_whole(objective: list[dict[str, Any]]) -> None:
    """The worker's loss of two micro-batches, each a part of the mean over the batch's tokens (Eq. 4)."""
    case = next(one for one in objective if prefix_masks(one))
    hyper, due = case["hyper"], case["expected"]
    options = TapoOptions(gamma=hyper["gamma"], eta1=hyper["eta1"], eta2=hyper["eta2"])
    config = actor(hyper["clipLow"], hyper["clipHigh"], hyper["clipDual"] or 1e9)
    log_probs = tensors(case)["logProbs"].requires_grad_()
    half = len(case["rewards"]) // 2
    parts = [list(range(half)), list(range(half, len(case["rewards"])))]
    losses = [tapo_loss(config, *worker_batch(case, rows, log_probs), options=options)[0] for rows in parts]
    total = torch.stack(losses).sum()
    total.backward()
    assert total.item() == pytest.approx(due["total"], abs=VALUE)
    torch.testing.assert_close(log_probs.grad, torch.tensor(due["gradTotal"]), atol=GRADIENT, rtol=0)


def prefix_masks(case: dict[str, Any]) -> bool:
    return all(sorted(row, reverse=True) == row for row in case["responseMask"])


def test_is_refused_outside_its_trainer(objective: list[dict[str, Any]]) -> None:
    mask = torch.ones(2, 2)
    with pytest.raises(RuntimeError, match=r"trainer\.v1\.trainer_mode=tapo"):
        get_policy_loss_fn("tapo")(mask, mask, mask, mask, config=actor())
