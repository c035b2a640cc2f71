"""Python reads this at its start where PYTHONPATH names this folder: vLLM looks at its models in a process of their own,
which must find a torchvision that can be imported, too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from torchvision_ops import make_torchvision_importable  # noqa: E402

make_torchvision_importable()
