"""Loads image processors with the real transformers and prints what shapes the pixels, as JSON, a line for each folder.

    python check_processor.py FOLDER…
"""

import json
import sys

from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil


def main():
    for folder in sys.argv[1:]:
        p = Qwen2VLImageProcessorPil.from_pretrained(folder)
        bounds = [p.size["shortest_edge"], p.size["longest_edge"]]
        mean, std = list(p.image_mean), list(p.image_std)
        print(json.dumps([*bounds, p.patch_size, p.merge_size, p.temporal_patch_size, mean, std]))


main()
