"""Groups of n₁ + n₂ answers: the first n₁ drawn about the anchor, the others about the positive, all of one prompt's uid.

Every answer leaves two records in the TransferQueue: verl's own in its partition, conditioned as `tapo.update_condition` says, and the same
answer conditioned on the negative in `NEGATIVE`, under the same key, for the trainer to score.
"""

from typing import Any

import ray
import torch
import transfer_queue as tq
from verl.experimental.agent_loop.agent_loop import AgentLoopOutput, register
from verl.experimental.agent_loop.single_turn_agent_loop import SingleTurnAgentLoop
from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopManagerTQ, AgentLoopWorkerTQ
from verl.utils.tensordict_utils import list_of_dict_to_tensordict

from verl_tapo.options import options_of

NEGATIVE = "tapo-negative"
"""The partition of answers conditioned on the negative."""

SCORED = ("prompts", "responses", "response_mask", "loss_mask", "input_ids", "position_ids", "multi_modal_inputs")
"""What a record needs to be scored."""

_SECOND = "tapo_negative"


@register("tapo_agent")
class TapoAgentLoop(SingleTurnAgentLoop):
    """One answer about one picture, and the prompts under which it is updated and told apart."""

    async def run(self, sampling_params: dict[str, Any], priority: int = 0, **kwargs: Any) -> AgentLoopOutput:
        options = options_of(self.config.get("tapo"))
        positive = bool(kwargs.get("tapo_positive", False))
        drawn = kwargs["raw_prompt_positive"] if positive else kwargs["raw_prompt"]
        output = await super().run(sampling_params, priority, **{**kwargs, "raw_prompt": drawn})
        if positive and options.update_condition == "anchor":
            output.prompt_ids, output.multi_modal_data = await self._prompt(kwargs["raw_prompt"])
        if options.needs_negative:
            output.extra_fields[_SECOND] = await self._prompt(kwargs["raw_prompt_negative"])
        return output

    async def _prompt(self, messages: list[dict[str, Any]]) -> tuple[list[int], dict[str, Any]]:
        """Tokens and pictures of a prompt, as the base class makes them before it asks the server."""
        data = await self.process_multi_modal_info(list(messages))
        images, videos, audios = (data.get(name) for name in ("images", "videos", "audios"))
        tokens = await self.ct_build_initial_tokens(list(messages), images=images, videos=videos, audios=audios)
        return tokens, data


# A class that Ray wraps cannot be inherited from; its own is kept in the wrapped one, where verl looks for it, too.
_Worker: Any = AgentLoopWorkerTQ.__ray_metadata__.modified_class.__ray_actor_class__


class TapoAgentLoopWorker(_Worker):
    """verl's worker, which knows the anchor's sessions from the positive's."""

    async def _run_agent_loop(self, sampling_params: dict[str, Any], trajectory: dict[str, Any], *, session_id: int, **kwargs: Any) -> None:
        positive = not trajectory["validate"] and session_id >= options_of(self.config.get("tapo")).n1
        await super()._run_agent_loop(sampling_params, trajectory, session_id=session_id, tapo_positive=positive, **kwargs)

    async def _agent_loop_postprocess(self, output: AgentLoopOutput, validate: bool, **kwargs: Any) -> None:
        second = output.extra_fields.pop(_SECOND, None)
        for name in ("raw_prompt_positive", "raw_prompt_negative"):  # pictures that nobody asks for again
            kwargs.pop(name, None)
        if second is not None and not validate:
            key = f"{kwargs['uid']}_{kwargs['session_id']}_0"
            await tq.async_kv_batch_put(
                keys=[key],
                fields=list_of_dict_to_tensordict([self._negative_record(output, *second)]),
                tags=[{"status": "success"}],
                partition_id=NEGATIVE,
            )
        await super()._agent_loop_postprocess(output, validate, **kwargs)

    def _negative_record(self, output: AgentLoopOutput, prompt_ids: list[int], data: dict[str, Any]) -> dict[str, Any]:
        """The answer conditioned on the negative; all tensors (tokens,), positions as the model takes them."""
        other = output.model_copy(update={"prompt_ids": prompt_ids, "multi_modal_data": data})
        prompts = torch.tensor(prompt_ids, dtype=torch.int64)
        responses = torch.tensor(output.response_ids, dtype=torch.int64)
        response_mask = torch.tensor(output.response_mask, dtype=torch.int64)
        input_ids = torch.cat([prompts, responses])
        multi_modal_inputs = self._compute_multi_modal_inputs(other, input_ids)
        attention_mask = torch.ones_like(input_ids)
        position_ids = self._compute_position_ids(input_ids.unsqueeze(0), attention_mask.unsqueeze(0), multi_modal_inputs).squeeze(0)
        values = (prompts, responses, response_mask, response_mask, input_ids, position_ids, multi_modal_inputs)
        return dict(zip(SCORED, values, strict=True))


class TapoAgentLoopManager(AgentLoopManagerTQ):
    """verl's manager with these workers (`actor_rollout_ref.rollout.agent.agent_loop_manager_class`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.agent_loop_workers_class = ray.remote(TapoAgentLoopWorker)
