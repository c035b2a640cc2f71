"""Prints the 80 ImageNet templates that come with open-clip-torch, {class} in the name's place. Their file is read alone: the package itself needs torch."""

import importlib.metadata
import runpy

file = next(one for one in importlib.metadata.files("open-clip-torch") if one.name == "zero_shot_metadata.py")
for template in runpy.run_path(str(file.locate()))["OPENAI_IMAGENET_TEMPLATES"]:
    print(template("{class}"))
