"""Loads config.json of some folders with the real transformers and prints the values that make the architecture, a line of JSON each.

    python check_config.py FOLDER…
"""

import json
import sys

from transformers import AutoConfig


def values(folder):
    config = AutoConfig.from_pretrained(folder)
    text, vision = config.text_config, config.vision_config
    windowed = config.model_type == "qwen2_5_vl"
    return dict(
        kind=config.model_type,
        text=[
            text.hidden_size, text.intermediate_size, text.num_hidden_layers, text.num_attention_heads,
            text.num_key_value_heads, text.rms_norm_eps, text.rope_parameters["rope_theta"],
            text.rope_parameters["mrope_section"], text.vocab_size, config.tie_word_embeddings,
            text.max_position_embeddings,
        ],  # fmt: skip
        vision=[
            vision.depth, vision.hidden_size if windowed else vision.embed_dim, vision.num_heads,
            vision.intermediate_size if windowed else vision.embed_dim * vision.mlp_ratio, vision.hidden_act,
            vision.patch_size, vision.temporal_patch_size, vision.spatial_merge_size, vision.in_channels,
            vision.out_hidden_size if windowed else vision.hidden_size,
        ],  # fmt: skip
        windows=[vision.window_size, list(vision.fullatt_block_indexes)] if windowed else None,
        tokens=[
            config.image_token_id, config.video_token_id, config.vision_start_token_id,
            config.vision_end_token_id, text.bos_token_id, text.eos_token_id, text.pad_token_id,
        ],  # fmt: skip
    )


def main():
    for folder in sys.argv[1:]:
        print(json.dumps(values(folder)))


main()
