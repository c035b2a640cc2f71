"""The group `tapo` of the configuration: what TAPO has beside verl's own options."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

UpdateCondition = Literal["anchor", "rollout_image"]
KlEstimator = Literal["released", "paper"]
Entropies = Literal["lowered", "raised"]


@dataclass(frozen=True)
class TapoOptions:
    """Defaults as published: the paper's Appendix C where it gives a number, else the released script."""

    n1: int = 5
    """Answers drawn about the anchor."""
    n2: int = 5
    """Answers drawn about the positive; 0 leaves intra-class augmentation out."""
    update_condition: UpdateCondition = "anchor"
    """Under which picture answers about the positive are scored and updated: the anchor (§4.3), or their own (release)."""
    gamma: float = 0.01
    """γ: weight of D_KL[π ‖ π_neg], maximised."""
    kl_estimator: KlEstimator = "released"
    """k3 as the release computes it, or g − log g − 1 with g = π/π_neg (Eq. 2)."""
    eta1: float = 0.03
    """η₁: weight of H[π]."""
    eta2: float = 0.03
    """η₂: weight of H[π_neg], a constant, since no gradient flows through π_neg."""
    entropies: Entropies = "lowered"
    """Whether the two terms lower entropies (prose and release) or raise them (Eq. 4 as printed)."""

    def __post_init__(self) -> None:
        if self.n1 < 0 or self.n2 < 0 or self.n1 + self.n2 < 2:
            raise ValueError(f"tapo.n1 + tapo.n2 must be at least 2, or a group has no spread: {self.n1} + {self.n2}")
        for name in ("gamma", "eta1", "eta2"):
            if getattr(self, name) < 0:
                raise ValueError(f"tapo.{name} must not be negative: {getattr(self, name)}")
        hints = get_type_hints(type(self))
        for name in ("update_condition", "kl_estimator", "entropies"):
            allowed = get_args(hints[name])
            if getattr(self, name) not in allowed:
                raise ValueError(f"tapo.{name} must be one of {allowed}, not {getattr(self, name)!r}")

    @property
    def needs_negative(self) -> bool:
        """Whether log-probs under the negative are asked for."""
        return self.gamma > 0 or self.eta2 > 0


def options_of(group: Mapping[str, Any] | None) -> TapoOptions:
    """Reads the group, refusing keys that there are not."""
    given = dict(group or {})
    known = {field.name for field in fields(TapoOptions)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"unknown keys of the group tapo: {unknown}; it has {sorted(known)}")
    return TapoOptions(**given)
