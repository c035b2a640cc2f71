"""The loss of TAPO (Eq. 4 of the paper) as verl's policy loss "tapo".

verl hands a policy loss the columns that it knows, and the log-probs under the negative are none of them. So the worker's loss function is
`tapo_loss`, which lays them beside and calls verl's own `ppo_loss`; that finds the policy loss by its name, and all else (the KL to a
reference, metrics, the scale over data-parallel ranks) stays verl's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
import verl.utils.torch_functional as verl_F
from tensordict import TensorDict
from verl.trainer.ppo.core_algos import agg_loss, compute_policy_loss_vanilla, kl_penalty, register_policy_loss
from verl.workers.config import ActorConfig
from verl.workers.utils.losses import ppo_loss

from verl_tapo.options import KlEstimator, TapoOptions

NEGATIVE_LOG_PROBS = "negative_log_probs"
"""The column of log π_neg, one value per token of the answer."""

_beside: ContextVar[tuple[TapoOptions, torch.Tensor | None] | None] = ContextVar("tapo", default=None)


@contextmanager
def beside(options: TapoOptions, negative_log_prob: torch.Tensor | None) -> Iterator[None]:
    """What the policy loss "tapo" works with beside verl's columns. negative_log_prob: (batch, tokens), None where not needed."""
    token = _beside.set((options, negative_log_prob))
    try:
        yield
    finally:
        _beside.reset(token)


def negative_kl(log_prob: torch.Tensor, negative_log_prob: torch.Tensor, estimator: KlEstimator) -> torch.Tensor:
    """D_KL[π ‖ π_neg], one value per token. "released": verl's k3 (the ratio inverted, the value within ±10); "paper": g − log g − 1."""
    if estimator == "released":
        return kl_penalty(log_prob, negative_log_prob, "low_var_kl")
    difference = torch.clamp(log_prob - negative_log_prob, min=-20.0, max=20.0)
    return torch.exp(difference) - difference - 1


@register_policy_loss("tapo")
def tapo_policy_loss(
    old_log_prob: torch.Tensor,
    log_prob: torch.Tensor,
    advantages: torch.Tensor,
    response_mask: torch.Tensor,
    loss_agg_mode: str = "token-mean",
    config: ActorConfig | None = None,
    rollout_is_weights: torch.Tensor | None = None,
) -> tuple[torch.Tensor, dict[str, Any]]:
    """verl's clipped policy loss − γ·D_KL[π ‖ π_neg] + η₁·H[π] + η₂·H[π_neg], H = −log π of the sampled tokens.

    Tensors are (batch, tokens). Means over tokens are verl's, over the whole mini-batch.
    """
    found = _beside.get()
    if found is None or config is None:
        raise RuntimeError('the policy loss "tapo" needs the trainer "tapo": set trainer.v1.trainer_mode=tapo')
    options, negative = found
    policy, metrics = compute_policy_loss_vanilla(
        old_log_prob, log_prob, advantages, response_mask, loss_agg_mode, config, rollout_is_weights
    )

    def term(name: str, values: torch.Tensor) -> torch.Tensor:
        metrics[f"actor/tapo_{name}"] = verl_F.masked_mean(values, response_mask).detach().item()
        return agg_loss(values, response_mask, loss_agg_mode, **config.global_batch_info)

    sign = 1.0 if options.entropies == "lowered" else -1.0
    loss = policy + sign * options.eta1 * term("entropy", -log_prob)
    if negative is not None:
        loss = loss - options.gamma * term("negative_kl", negative_kl(log_prob, negative, options.kl_estimator))
        loss = loss + sign * options.eta2 * term("negative_entropy", -negative)
    return loss, metrics


def tapo_loss(
    config: ActorConfig, model_output: dict[str, Any], data: TensorDict, dp_group: Any = None, *, options: TapoOptions
) -> tuple[torch.Tensor, dict[str, Any]]:
    """The worker's loss function: verl's `ppo_loss` with the negative's log-probs beside it."""
    negative = None
    if options.needs_negative:
        negative = data.select("response_mask", NEGATIVE_LOG_PROBS).to_padded_tensor()[NEGATIVE_LOG_PROBS]
    with beside(options, negative):
        return ppo_loss(config, model_output, data, dp_group)
