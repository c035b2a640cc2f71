"""What the tests read: recorded numbers of the released code, and where an export of `fine-r1 trainer verl` lies."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).resolve().parents[3] / "tests" / "reference" / "golden"


@pytest.fixture(scope="session")
def objective() -> list[dict[str, Any]]:
    """Cases of tests/reference/golden/tapo_objective.json: the released trainer's losses and gradients (its README says how)."""
    return json.loads((GOLDEN / "tapo_objective.json").read_text())["cases"]


@pytest.fixture(scope="session")
def rewards() -> dict[str, Any]:
    return json.loads((GOLDEN / "reward.json").read_text())


@pytest.fixture(scope="session")
def export() -> Path:
    """A folder that `fine-r1 trainer verl` wrote, its model being one that runs on a CPU (FINE_R1_EXPORT)."""
    folder = os.environ.get("FINE_R1_EXPORT")
    if folder is None:
        pytest.skip("FINE_R1_EXPORT names no export")
    return Path(folder)
