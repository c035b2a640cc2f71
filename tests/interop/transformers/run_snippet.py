"""Runs the Python that stands in a model card, as a reader would.

    python run_snippet.py README.md FOLDER PICTURE

PyPI's torchvision is built for CUDA; beside a PyTorch for the CPU its operators do not load. The two that it asks for at import
are declared then: nothing here calls them.
"""

import re
import sys

import torch

try:
    import torchvision  # noqa: F401
except RuntimeError:
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

with open(sys.argv[1]) as file:
    snippet = re.search(r"```python\n(.*?)```", file.read(), re.S).group(1)
sys.argv = ["snippet.py", *sys.argv[2:]]
torch.set_num_threads(1)
exec(compile(snippet, "snippet.py", "exec"), {"__name__": "__main__"})
