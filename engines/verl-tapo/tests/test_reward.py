from typing import Any

from verl_tapo.reward import compute_score


def test_equals_the_released_reward(rewards: dict[str, Any]) -> None:
    cases = rewards["cases"]
    assert len(cases) > 5
    for case in cases:
        got = compute_score("fine-r1", case["response"], case["groundTruth"])
        due = (case["overall"], case["accuracy"], case["format"])
        assert (got["score"], got["acc"], got["format"]) == due, case


def test_takes_another_weight_of_the_form() -> None:
    # the truth, in no form: 1 − w
    assert compute_score("fine-r1", "<answer>gull</answer>", "gull", format_weight=0.25)["score"] == 0.75
