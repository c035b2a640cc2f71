"""Lets PyPI's torchvision be imported beside a CPU build of torch.

PyPI's Linux wheels of torchvision are compiled for CUDA; beside torch+cpu their C++ operators do not load, and the
import fails on `torchvision::nms`. The image processor uses none of them, so declaring their names is enough.
"""

import sys

import torch

_KEPT = []


def make_torchvision_importable() -> None:
    """Imports torchvision; where its operators are missing, declares them and imports it again."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)  # the declarations live as long as this object
        import torchvision  # noqa: F401
