"""Makes the image-processor references in tests/reference/golden with the real Qwen2-VL image processor (with PIL).

    python make_images.py order OUT     resize_order_pillow<major>/: the installed Pillow decides the order of the passes
    python make_images.py colours OUT   image_colours/: colour profiles and CMYK
"""

import json
import os
import struct
import sys

import numpy as np
import PIL
from PIL import Image, ImageCms
from safetensors.numpy import save_file
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

LEAST, GREATEST = 3136, 12845056


def scene(width, height):
    """Two gradients, and a checkerboard whose edges tell sloppy resizing."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 255 / (width - 1), y * 255 / (height - 1), ((x // 5 + y // 7) % 2) * 200]
    return Image.fromarray(np.stack(channels, -1).astype(np.uint8))


def noise(width, height, seed):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def profile(red, green, blue):
    """An sRGB profile with other primaries (XYZ, D50)."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # the date, so that the files come out alike
    for i in range(struct.unpack(">I", data[128:132])[0]):
        tag, offset, _ = struct.unpack(">4sII", data[132 + 12 * i : 144 + 12 * i])
        primary = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue}.get(tag)
        if primary:
            data[offset + 8 : offset + 20] = struct.pack(">iii", *[round(c * 65536) for c in primary])
    return bytes(data)


def write(folder, pictures):
    os.makedirs(folder, exist_ok=True)
    cases, expected = [], {}
    for i, (name, picture, settings) in enumerate(pictures):
        picture.save(f"{folder}/{name}", **settings)
        back = Image.open(f"{folder}/{name}").convert("RGB")
        processor = Qwen2VLImageProcessorPil(min_pixels=LEAST, max_pixels=GREATEST)
        result = processor(back, return_tensors="np")
        expected[f"pixel_values{i}"] = np.ascontiguousarray(result["pixel_values"].astype(np.float32))
        bounds = {"minPixels": LEAST, "maxPixels": GREATEST}
        grid = result["image_grid_thw"][0].tolist()
        cases.append({"file": name, "width": back.width, "height": back.height, **bounds, "gridThw": grid})
    save_file(expected, f"{folder}/expected.safetensors")
    note = f"Qwen2-VL image processor (PIL), Pillow {PIL.__version__}"
    with open(f"{folder}/cases.json", "w") as file:
        json.dump({"note": note, "cases": cases}, file, indent=1)


DISPLAY_P3 = profile((0.515121, 0.241196, -0.001053), (0.291977, 0.692245, 0.041885), (0.157104, 0.066574, 0.784073))
ADOBE_RGB = profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))

if sys.argv[1] == "order":
    folder = f"{sys.argv[2]}/resize_order_pillow{PIL.__version__.split('.')[0]}"
    write(folder, [("tall.png", noise(45, 96, 11), {}), ("wide.png", noise(150, 100, 12), {})])
else:
    pictures = [
        ("p3.png", scene(84, 56), {"icc_profile": DISPLAY_P3}),
        ("plain.png", scene(84, 56), {}),
        ("camera.jpg", scene(96, 64), {"quality": 95, "icc_profile": ADOBE_RGB}),
        ("print.jpg", scene(96, 64).convert("CMYK"), {"quality": 95}),
    ]
    write(f"{sys.argv[2]}/image_colours", pictures)
