import pytest

from verl_tapo.options import TapoOptions, options_of


def test_defaults_are_the_published_ones() -> None:
    # Table 3a's best ratio; tapo_3b.sh: KL_PRCP_COEF, ORI_ENTROPY_LOSS_COEF, AUG_ENTROPY_LOSS_COEF
    options = options_of(None)
    assert (options.n1, options.n2, options.gamma, options.eta1, options.eta2) == (5, 5, 0.01, 0.03, 0.03)
    assert options.update_condition == "anchor"


def test_needs_no_negative_where_no_term_looks_at_it() -> None:
    assert not TapoOptions(gamma=0, eta2=0).needs_negative
    assert TapoOptions(gamma=0, eta2=0.1).needs_negative


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"gama": 1}, "unknown keys of the group tapo: \\['gama'\\]"),
        ({"n1": 1, "n2": 0}, "at least 2"),
        ({"gamma": -1}, "must not be negative"),
        ({"kl_estimator": "k2"}, "must be one of"),
    ],
)
def test_refuses(group: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        options_of(group)
