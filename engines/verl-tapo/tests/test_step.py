"""A step of TAPO on verl's own classes: dataset, agent loop worker, reward, TransferQueue, the trainer's computations, the loss.

What verl 0.9.1 runs on GPUs only is stood in for (`scripted.py`). The export is one of `fine-r1 trainer verl` with n1 = 3, n2 = 2.
"""

import asyncio
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import ray
import torch
import transfer_queue as tq
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from scripted import ActorOnCpu, ScriptedServer, known_by, plain
from transfer_queue import KVBatchMeta
from verl.experimental.reward_loop.reward_loop import RewardLoopWorker
from verl.trainer.ppo.padding_utils import upsample_batch_to_divisible_size
from verl.trainer.ppo.utils import create_rl_dataset
from verl.trainer.ppo.v1 import get_trainer_cls
from verl.utils import tensordict_utils as tu
from verl.utils.config import omega_conf_to_dataclass
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

from verl_tapo.loss import NEGATIVE_LOG_PROBS
from verl_tapo.options import options_of
from verl_tapo.rollout import NEGATIVE, TapoAgentLoopManager, TapoAgentLoopWorker
from verl_tapo.trainer import TapoTrainer

N1, N2 = 3, 2
ROWS = (0, 20)
"""Of two classes, so that no picture is in both groups."""


@pytest.fixture(scope="module")
def config(export: Path) -> DictConfig:
    """The exported configuration on top of verl's own, cut to one process on a CPU."""
    changes = [
        *("data.max_prompt_length=512", "data.max_response_length=128", "data.train_batch_size=2"),
        "data.mm_processor_kwargs={min_pixels:3136,max_pixels:1003520}",
        *("trainer.device=cpu", "trainer.n_gpus_per_node=1", "transfer_queue.enable=true"),
        "transfer_queue.backend.SimpleStorage.num_data_storage_units=1",
        *("reward.num_workers=1", "actor_rollout_ref.rollout.agent.num_workers=1"),
        "actor_rollout_ref.model.use_remove_padding=false",
        "+actor_rollout_ref.model.override_config.attn_implementation=eager",
        "actor_rollout_ref.actor.ppo_mini_batch_size=2",
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=5",
        "actor_rollout_ref.actor.use_torch_compile=false",
    ]
    with initialize_config_dir(config_dir=str(export), version_base=None):
        config = compose("tapo", overrides=changes)
    OmegaConf.resolve(config)
    return config


@pytest.fixture(scope="module", autouse=True)
def queue(config: DictConfig) -> Iterator[None]:
    variables = {"TRANSFER_QUEUE_ENABLE": "1", "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled", "RAY_worker_niceness": "0"}
    os.environ.update(variables)
    ray.init(num_cpus=4, include_dashboard=False, runtime_env={"env_vars": variables})
    tq.init(config.transfer_queue)
    yield
    tq.close()
    ray.shutdown()


@pytest.fixture(scope="module")
def model(config: DictConfig) -> Any:
    return omega_conf_to_dataclass(config.actor_rollout_ref.model)


@pytest.fixture(scope="module")
def rows(config: DictConfig, model: Any) -> list[dict[str, Any]]:
    dataset = create_rl_dataset(config.data.train_files, config.data, model.tokenizer, model.processor)
    assert len(dataset) == 40
    return [dataset[at] for at in ROWS]


@pytest.fixture(scope="module")
def drawn(config: DictConfig, model: Any, rows: list[dict[str, Any]]) -> KVBatchMeta:
    """Two groups, as verl's trainer has them drawn: right about the anchor, wrong about the positive."""
    answers = {}
    for row in rows:
        truth = row["reward_model"]["ground_truth"]
        for name, said in (("raw_prompt", truth), ("raw_prompt_positive", "another")):
            text = f"<think>so</think><answer>{said}</answer><|im_end|>"
            answers[known_by(shown(config, row[name]))] = model.tokenizer.encode(text)
    assert len(answers) == 2 * len(rows)
    uids = [uuid.uuid4().hex for _ in rows]
    tags = [{"is_prompt": True, "status": "pending", "global_steps": 1} for _ in uids]
    tq.kv_batch_put(keys=uids, partition_id="train", tags=tags)
    asyncio.run(generate(config, ScriptedServer(answers), rows, uids))
    tags_now = tq.kv_list("train")["train"]
    assert [tags_now[uid]["status"] for uid in uids] == ["finished", "finished"]
    keys = [f"{uid}_{session}_0" for uid in uids for session in range(N1 + N2)]
    assert sorted(keys) == sorted(key for key in tags_now if key not in uids)
    return KVBatchMeta(partition_id="train", keys=keys, tags=[tags_now[key] for key in keys], extra_info={})


async def generate(config: DictConfig, server: ScriptedServer, rows: list[dict[str, Any]], uids: list[str]) -> None:
    """What the manager's workers do in processes of their own, and the reward's."""
    reward = RewardLoopWorker(config)
    handle = SimpleNamespace(compute_score=SimpleNamespace(remote=reward.compute_score))
    worker = TapoAgentLoopWorker(config, server, None, [handle])
    prompts = tu.get_tensordict({**collate_fn(rows), "uid": np.array(uids, dtype=object)})
    tu.assign_non_tensor_data(prompts, "global_steps", 1)
    await worker.generate_sequences(prompts)
    await asyncio.gather(*worker.background_tasks)


def shown(config: DictConfig, messages: list[dict[str, Any]]) -> Any:
    """The picture as the server gets it."""
    images, _, _ = RLHFDataset._process_multi_modal_info(messages, image_patch_size=14, config=config.data)
    return images[0]


def pixels(model: Any, messages: list[dict[str, Any]], config: DictConfig) -> torch.Tensor:
    return model.processor.image_processor(images=[shown(config, messages)], return_tensors="pt")["pixel_values"]


def records(partition: str, keys: list[str], *fields: str) -> list[dict[str, Any]]:
    data = tq.kv_batch_get(keys=keys, partition_id=partition, select_fields=list(fields))
    return [{name: plain(data[at][name]) for name in fields} for at in range(len(keys))]


def test_trainer_and_workers_are_known_to_verl(config: DictConfig) -> None:
    assert get_trainer_cls(config.trainer.v1.trainer_mode) is TapoTrainer
    workers = TapoAgentLoopManager(config, None).agent_loop_workers_class
    assert issubclass(workers.__ray_metadata__.modified_class, TapoAgentLoopWorker)


def test_refuses_a_group_of_another_size(config: DictConfig) -> None:
    other = config.copy()
    other.actor_rollout_ref.rollout.n = 4
    with pytest.raises(ValueError, match=r"rollout\.n is 4 and must be 5"):
        TapoTrainer(other)


def test_groups_have_n1_answers_of_the_anchor_and_n2_of_the_positive(
    config: DictConfig, model: Any, rows: list[dict[str, Any]], drawn: KVBatchMeta
) -> None:
    found = records("train", drawn.keys, "uid", "responses", "rm_scores", "multi_modal_inputs")
    for group, row in enumerate(rows):
        truth = row["reward_model"]["ground_truth"]
        anchor = pixels(model, row["raw_prompt"], config)
        part = found[group * (N1 + N2) : (group + 1) * (N1 + N2)]
        assert len({str(record["uid"]) for record in part}) == 1
        said = [model.tokenizer.decode(record["responses"], skip_special_tokens=True) for record in part]
        assert [truth in text for text in said] == [True] * N1 + [False] * N2
        scores = [float(record["rm_scores"].sum()) for record in part]
        assert scores == pytest.approx([1.0] * N1 + [0.1] * N2)  # 0.9 for the truth, 0.1 for the form
        for record in part:  # all are updated under the anchor (§4.3)
            torch.testing.assert_close(record["multi_modal_inputs"]["pixel_values"], anchor)


def test_every_answer_has_a_record_under_its_negative(config: DictConfig, model: Any, rows: list[dict[str, Any]], drawn: KVBatchMeta) -> None:
    own = records("train", drawn.keys, "responses")
    second = records(NEGATIVE, drawn.keys, "responses", "multi_modal_inputs")
    for at, (one, other) in enumerate(zip(own, second, strict=True)):
        assert one["responses"].tolist() == other["responses"].tolist()
        due = pixels(model, rows[at // (N1 + N2)]["raw_prompt_negative"], config)
        torch.testing.assert_close(other["multi_modal_inputs"]["pixel_values"], due)


@pytest.fixture(scope="module")
def trainer(config: DictConfig, model: Any) -> TapoTrainer:
    """The trainer without verl's `_setup`, which starts what needs GPUs."""
    trainer = object.__new__(TapoTrainer)
    trainer.config = config
    trainer.tapo = options_of(config.tapo)
    trainer.tokenizer = model.tokenizer
    trainer.use_critic = trainer.use_reference_policy = False
    trainer.actor_rollout_wg = ActorOnCpu(model.local_path)
    trainer.checkpoint_manager = SimpleNamespace(update_weights=lambda _: None)
    trainer.global_steps, trainer.timing_raw = 1, {}
    trainer.on_init_end()
    return trainer


def test_a_step(model: Any, drawn: KVBatchMeta, trainer: TapoTrainer) -> None:
    actor = trainer.actor_rollout_wg
    drawn = upsample_batch_to_divisible_size(drawn, 4, model.tokenizer.eos_token_id)
    assert len(drawn) == 12  # verl fills up with empty answers
    batch = trainer._compute_advantage(trainer._compute_old_log_prob(drawn, {}), {})
    keys = list(batch.keys)
    found = records("train", keys, "old_log_probs", NEGATIVE_LOG_PROBS, "advantages", "response_mask", "responses")

    # log π_neg is that of the same tokens in the record under the negative; of an empty answer its own
    scored = records(NEGATIVE, keys, "prompts", "responses", "multi_modal_inputs")
    for at, record in enumerate(scored):
        with torch.no_grad():
            due = actor.sequence(record)[len(record["prompts"]) - 1 : -1]
        torch.testing.assert_close(found[at][NEGATIVE_LOG_PROBS], due)
    real = found[: 2 * (N1 + N2)]
    assert all(not torch.equal(one["old_log_probs"], one[NEGATIVE_LOG_PROBS]) for one in real)
    assert all(torch.equal(one["old_log_probs"], one[NEGATIVE_LOG_PROBS]) for one in found[len(real) :])

    # (r − mean)/(std + 1e-6) of three 1.0 and two 0.1: mean 0.64, std √((3·0.36² + 2·0.54²)/4) = 0.492950
    advantages = [float(record["advantages"][0]) for record in real]
    assert advantages == pytest.approx(2 * ([0.36 / 0.492950] * N1 + [-0.54 / 0.492950] * N2), abs=1e-4)

    # Before the first step π is π_old: the policy term is −Â, and the rest follows from the columns.
    tokens, negative, weights = (torch.cat([record[name] for record in real]) for name in ("old_log_probs", NEGATIVE_LOG_PROBS, "advantages"))
    difference = negative - tokens
    kl = (difference.exp() - difference - 1).mean()
    options = trainer.tapo
    due = -weights.mean() - options.gamma * kl - options.eta1 * tokens.mean() - options.eta2 * negative.mean()
    loss, metrics = actor.update(batch)
    assert loss == pytest.approx(float(due), abs=1e-5)
    assert metrics["actor/tapo_negative_kl"].aggregate() == pytest.approx(float(kl), abs=1e-5)
    trainer._compute_old_log_prob(batch, {})
    after = torch.cat([record["old_log_probs"] for record in records("train", keys, "old_log_probs")[: len(real)]])
    gained = (after - tokens) * weights
    assert float(gained.mean()) > 0  # better answers became likelier, worse ones less likely

    trainer.on_step_end()
    assert not (tq.kv_list(NEGATIVE) or {}).get(NEGATIVE)
