"""Greedy text of the real transformers for image prompts, one prompt after another.

INPUTS holds, for prompt i, input_ids.i [T], pixel_values.i [P, …] and image_grid_thw.i [N, 3] (the last two only with
images). OUT is JSON: {"completions": [[token, …], …]}, without the prompt, with the end token where one was produced.

    python greedy.py FOLDER INPUTS.safetensors OUT.json --max-new-tokens 32 --suppress 3,4,5
"""

import argparse
import json

import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("inputs")
    parser.add_argument("out")
    parser.add_argument("--max-new-tokens", type=int, default=32)
    parser.add_argument("--suppress", default="", help="token ids that are never generated")
    a = parser.parse_args()
    torch.set_num_threads(1)
    model = AutoModelForImageTextToText.from_pretrained(a.folder, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    suppress = [int(token) for token in a.suppress.split(",") if token]
    inputs = load_file(a.inputs)
    completions = []
    while f"input_ids.{len(completions)}" in inputs:
        i = len(completions)
        ids = inputs[f"input_ids.{i}"].long()[None]
        arguments = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
        if f"pixel_values.{i}" in inputs:
            arguments["pixel_values"] = inputs[f"pixel_values.{i}"]
            arguments["image_grid_thw"] = inputs[f"image_grid_thw.{i}"].long().reshape(-1, 3)
            arguments["mm_token_type_ids"] = (ids == model.config.image_token_id).int()
        with torch.no_grad():
            tokens = model.generate(
                **arguments, do_sample=False, max_new_tokens=a.max_new_tokens, suppress_tokens=suppress or None
            )
        completions.append(tokens[0, ids.shape[1] :].tolist())
    with open(a.out, "w") as file:
        json.dump(dict(completions=completions), file)


main()
