"""Makes a checkpoint as Qwen2.5-VL-3B is published: its widths, vocabulary, tensor names, bfloat16, numbered shards and their index.

Only the blocks are fewer and the weights random: large enough that every part shows in the logits (1.2/√fan-in, norms near 1).
Names and shapes come from the real transformers, renamed as the published files have them.

    python make_published.py OUT CONFIG.json --shards 2 --seed 1
"""

import argparse
import json
import math
import os

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForImageTextToText


def published(name):
    return name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")


def value(shape, generator):
    noise = torch.randn(shape, generator=generator)
    return (noise * (1.2 / math.sqrt(math.prod(shape[1:])))).bfloat16()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("config", help="config.json in the published form")
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    with open(a.config) as source, open(os.path.join(a.out, "config.json"), "w") as target:
        target.write(source.read())
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(a.out))
    shapes = {published(name): parameter.shape for name, parameter in model.named_parameters()}  # a tied head is no parameter
    total = sum(shape.numel() for shape in shapes.values())
    generator = torch.Generator().manual_seed(a.seed)
    shards, filled = [{}], 0
    for name, shape in shapes.items():
        if filled >= 2 * total / a.shards and len(shards) < a.shards:
            save(a, shards)
            shards.append({})
            filled = 0
        if len(shape) > 1:
            tensor = value(shape, generator)
        else:
            centre = 1.0 if name.endswith("weight") else 0.0
            tensor = (centre + 0.1 * torch.randn(shape, generator=generator)).bfloat16()
        shards[-1][name] = tensor
        filled += 2 * shape.numel()
    save(a, shards)
    index = {name: shard_file(a, number) for number, shard in enumerate(shards) for name in shard}
    with open(os.path.join(a.out, "model.safetensors.index.json"), "w") as file:
        json.dump(dict(metadata=dict(total_size=2 * total), weight_map=index), file, indent=2)
    print(json.dumps(dict(parameters=total, tensors=len(shapes))))


def shard_file(a, number):
    return f"model-{number + 1:05d}-of-{a.shards:05d}.safetensors"


def save(a, shards):
    """Writes the newest shard and keeps its names alone."""
    save_file(shards[-1], os.path.join(a.out, shard_file(a, len(shards) - 1)), metadata={"format": "pt"})
    shards[-1] = dict.fromkeys(shards[-1])


main()
