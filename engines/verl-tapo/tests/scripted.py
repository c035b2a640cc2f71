"""What stands in for the parts of verl 0.9.1 that run on GPUs only: the server that samples (vLLM), and the actor's FSDP worker."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transfer_queue as tq
from PIL import Image
from tensordict import TensorDict
from transfer_queue import KVBatchMeta
from transformers import Qwen2_5_VLForConditionalGeneration
from verl.utils import tensordict_utils as tu
from verl.workers.rollout.replica import TokenOutput

from verl_tapo.rollout import SCORED


def known_by(image: Image.Image) -> int:
    return zlib.crc32(np.asarray(image.convert("RGB")).tobytes())


class ScriptedServer:
    """verl's LLMServerClient as far as agent loops ask it: says of each picture what it was told to. answers: tokens by picture."""

    def __init__(self, answers: dict[int, list[int]]) -> None:
        self.answers = answers

    async def generate(self, *, image_data: list[Image.Image], **_: Any) -> TokenOutput:
        (image,) = image_data
        return TokenOutput(token_ids=self.answers[known_by(image)], num_preempted=0, extra_fields={})


def nested(rows: list[torch.Tensor]) -> torch.Tensor:
    return torch.nested.as_nested_tensor(rows, layout=torch.jagged)


def plain(value: Any) -> Any:
    return getattr(value, "data", value) if not isinstance(value, torch.Tensor) else value


class ActorOnCpu:
    """verl's actor worker group as far as the trainer asks it: reads records from the queue, scores them, writes log-probs back."""

    def __init__(self, path: str) -> None:
        self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(path, attn_implementation="eager").float()
        self.loss_fn: Callable[..., Any] | None = None

    def set_loss_fn(self, loss_fn: Callable[..., Any]) -> None:
        self.loss_fn = loss_fn

    def sequence(self, record: Any) -> torch.Tensor:
        """log π of each next token of prompt and answer, 0 at the end: (tokens,), as verl's engine leaves them."""
        ids = torch.cat([record["prompts"], record["responses"]]).unsqueeze(0)
        inputs = plain(record["multi_modal_inputs"])
        pictures = {name: inputs[name] for name in ("pixel_values", "image_grid_thw") if name in inputs}
        types = (ids == self.model.config.image_token_id).int()
        logits = self.model(input_ids=ids, mm_token_type_ids=types, **pictures).logits[0].float()
        log_probs = torch.log_softmax(logits, dim=-1)[:-1].gather(-1, ids[0, 1:].unsqueeze(-1)).squeeze(-1)
        return torch.cat([log_probs, torch.zeros(1)])

    def compute_log_prob(self, batch: KVBatchMeta) -> KVBatchMeta:
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=list(SCORED))
        with torch.no_grad():
            rows = [self.sequence(data[at]) for at in range(len(batch))]
        fields = {"log_probs": nested(rows), "entropy": nested([torch.zeros_like(row) for row in rows])}
        tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=TensorDict(fields, batch_size=len(batch)))
        return batch

    def update(self, batch: KVBatchMeta) -> tuple[float, dict[str, Any]]:
        """One step on all of a batch. Returns the loss and what is logged."""
        assert self.loss_fn is not None
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id)
        tokens = int(data["response_mask"].values().sum())
        tu.assign_non_tensor(data, dp_size=1, batch_num_tokens=tokens, global_batch_size=len(batch))
        output = {"log_probs": nested([self.sequence(data[at]) for at in range(len(batch))])}
        loss, metrics = self.loss_fn(model_output=output, data=data)
        loss.backward()
        torch.optim.AdamW(self.model.parameters(), lr=1e-3).step()
        return loss.item(), metrics
