"""Lets PyPI's torchvision and torchaudio, CUDA builds, be imported beside a CPU build of torch. No suite calls what is missing then.

torchvision's operators do not load there, and its import asks for two of them: they are declared, without a body, when it is first
imported. torchaudio's library does not load, and its import ends there: without the file it goes on. Run once by an environment's own
Python, into whose site-packages it writes.
"""

import sysconfig
from pathlib import Path

HOOK = '''
import sys


class Declare:
    """Finds nothing: it only declares the operators before torchvision is looked for."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            global library
            library = torch.library.Library("torchvision", "DEF")
            library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return None


sys.meta_path.insert(0, Declare())
'''

packages = Path(sysconfig.get_paths()["purelib"])
(packages / "torchvision_on_cpu.py").write_text(HOOK)
(packages / "torchvision_on_cpu.pth").write_text("import torchvision_on_cpu\n")
for library in (packages / "torchaudio" / "lib").glob("*torchaudio*.so"):
    library.unlink()
