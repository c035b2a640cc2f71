"""verl's synchronous trainer with a look at the negative before each update (`trainer.v1.trainer_mode: tapo`)."""

from functools import partial
from typing import Any

import transfer_queue as tq
from omegaconf import DictConfig, open_dict
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils.config import omega_conf_to_dataclass
from verl.workers.utils.padding import response_from_nested

from verl_tapo.loss import NEGATIVE_LOG_PROBS, tapo_loss
from verl_tapo.options import options_of
from verl_tapo.rollout import NEGATIVE, SCORED


@register_trainer("tapo")
class TapoTrainer(PPOTrainerSync):
    """TAPO: groups of n₁ + n₂, log-probs under the negative, and the loss of Eq. 4 in the workers."""

    def __init__(self, config: DictConfig) -> None:
        self.tapo = options_of(config.get("tapo"))
        _check(config, self.tapo.n1 + self.tapo.n2)
        with open_dict(config):
            config.trainer.v1.trainer_mode = "sync"  # what the base classes go by
        super().__init__(config)

    def on_init_end(self) -> None:
        super().on_init_end()
        actor = omega_conf_to_dataclass(self.config.actor_rollout_ref.actor)
        self.actor_rollout_wg.set_loss_fn(partial(tapo_loss, config=actor, options=self.tapo))

    def _compute_old_log_prob(self, batch: KVBatchMeta, metrics: dict[str, Any]) -> KVBatchMeta:
        batch = super()._compute_old_log_prob(batch, metrics)
        if self.tapo.needs_negative:
            self._compute_negative_log_prob(batch)
        return batch

    def _compute_negative_log_prob(self, batch: KVBatchMeta) -> None:
        """Scores the batch's answers under their negatives, without gradient, and lays log π_neg beside log π_old."""
        copy_padding(batch)
        scored = negative_batch(batch, self.config.actor_rollout_ref.rollout.temperature)
        self.actor_rollout_wg.compute_log_prob(scored)
        data = tq.kv_batch_get(keys=batch.keys, partition_id=NEGATIVE, select_fields=["log_probs", "response_mask"])
        log_probs = response_from_nested(data["log_probs"], data["response_mask"])
        fields = TensorDict({NEGATIVE_LOG_PROBS: log_probs}, batch_size=len(batch))
        tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=fields)

    def on_step_end(self) -> None:
        # All answers of a synchronous step have been drawn, used or given up by now.
        keys = list((tq.kv_list(NEGATIVE) or {}).get(NEGATIVE, {}))
        if keys:
            tq.kv_clear(keys=keys, partition_id=NEGATIVE)
        super().on_step_end()


def negative_batch(batch: KVBatchMeta, temperature: float) -> KVBatchMeta:
    """The same answers in the partition `NEGATIVE`, as the workers score them."""
    extra = {**batch.extra_info, "calculate_entropy": False, "compute_loss": False, "temperature": temperature}
    return KVBatchMeta(partition_id=NEGATIVE, keys=list(batch.keys), tags=list(batch.tags), extra_info=extra)


def copy_padding(batch: KVBatchMeta) -> None:
    """verl fills a batch up with empty answers, which have no negative: they stand for themselves."""
    padding = [key for key, tag in zip(batch.keys, batch.tags, strict=True) if tag.get("is_padding", False)]
    if padding:
        data = tq.kv_batch_get(keys=padding, partition_id=batch.partition_id, select_fields=list(SCORED))
        tags = [{"status": "success"} for _ in padding]
        tq.kv_batch_put(keys=padding, partition_id=NEGATIVE, fields=data, tags=tags)


def _check(config: DictConfig, group: int) -> None:
    """Settings that must agree with the group tapo."""
    actor_rollout = config.actor_rollout_ref
    wanted = {
        "actor_rollout_ref.rollout.n": (actor_rollout.rollout.n, group),
        "actor_rollout_ref.actor.policy_loss.loss_mode": (actor_rollout.actor.policy_loss.loss_mode, "tapo"),
        "actor_rollout_ref.rollout.agent.default_agent_loop": (
            actor_rollout.rollout.agent.default_agent_loop,
            "tapo_agent",
        ),
        "algorithm.adv_estimator": (config.algorithm.adv_estimator, "grpo"),
    }
    for key, (value, due) in wanted.items():
        if value != due:
            raise ValueError(f"{key} is {value!r} and must be {due!r} for trainer.v1.trainer_mode=tapo")
