"""Loads a checkpoint folder with the real transformers and writes what it computes on given inputs.

INPUTS holds input_ids [B, T], attention_mask [B, T] and, with images, pixel_values [P, …] and image_grid_thw [N, 3].
OUT gets logits [B, T, V], hidden_state_0 and last_hidden_state [B, T, D]. Prints the class and what was left out or
made up while loading, as JSON: both lists must be empty for a checkpoint that is whole.

    python check_checkpoint.py FOLDER INPUTS.safetensors OUT.safetensors
"""

import json
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText


def main():
    folder, inputs_file, out = sys.argv[1:4]
    torch.set_num_threads(1)
    model, report = AutoModelForImageTextToText.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    inputs = load_file(inputs_file)
    ids = inputs["input_ids"].long()
    arguments = dict(input_ids=ids, attention_mask=inputs["attention_mask"].long())
    if "pixel_values" in inputs and inputs["pixel_values"].numel() > 0:
        arguments["pixel_values"] = inputs["pixel_values"]
        arguments["image_grid_thw"] = inputs["image_grid_thw"].long()
        arguments["mm_token_type_ids"] = (ids == model.config.image_token_id).int()
    with torch.no_grad():
        output = model.eval()(**arguments, output_hidden_states=True, use_cache=False)
    save_file(
        dict(
            logits=output.logits.contiguous(),
            hidden_state_0=output.hidden_states[0].contiguous(),
            last_hidden_state=output.hidden_states[-1].contiguous(),
        ),
        out,
    )
    lists = {key: sorted(str(item) for item in report[key]) for key in ("missing_keys", "unexpected_keys")}
    lists["mismatched_keys"] = sorted(str(item) for item in report["mismatched_keys"])
    print(json.dumps(dict(architecture=type(model).__name__, **lists)))


main()
