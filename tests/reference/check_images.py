"""Runs the real Qwen2-VL image processor (with PIL) on raw pictures.

INPUTS holds image.i [height, width, 3] of integers 0–255 and bounds [2], the least and the greatest number of pixels.
OUT gets pixel_values.i and image_grid_thw.i.

    python check_images.py INPUTS.safetensors OUT.safetensors
"""

import sys

import numpy as np
from PIL import Image
from safetensors.numpy import load_file, save_file
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil


def main():
    inputs = load_file(sys.argv[1])
    least, greatest = (int(bound) for bound in inputs["bounds"])
    processor = Qwen2VLImageProcessorPil(min_pixels=least, max_pixels=greatest)
    out = {}
    while f"image.{len(out) // 2}" in inputs:
        i = len(out) // 2
        picture = Image.fromarray(inputs[f"image.{i}"].astype(np.uint8))
        result = processor(picture, return_tensors="np")
        out[f"pixel_values.{i}"] = np.ascontiguousarray(result["pixel_values"].astype(np.float32))
        out[f"image_grid_thw.{i}"] = result["image_grid_thw"][0].astype(np.int32)
    save_file(out, sys.argv[2])


main()
