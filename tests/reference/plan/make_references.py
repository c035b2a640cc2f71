"""Parameters of the published Qwen-VL models, and FLOPs of two small ones as torch counts them, for tests/lab/plan.test.ts.

pip install -r ../requirements.txt && python make_references.py > references.json
"""

import json
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForImageTextToText, Qwen2_5_VLConfig, Qwen2VLConfig

TEXT = dict(max_position_embeddings=4096, rms_norm_eps=1e-6, rope_theta=1000000.0,
            rope_scaling={"type": "mrope", "mrope_section": [16, 24, 24]}, hidden_act="silu")
IDS = dict(image_token_id=5, video_token_id=6, vision_start_token_id=3, vision_end_token_id=4, bos_token_id=1, eos_token_id=2)
TOWER = dict(depth=32, hidden_act="silu", hidden_size=1280, intermediate_size=3420, num_heads=16, patch_size=14, spatial_merge_size=2,
             temporal_patch_size=2, window_size=112, fullatt_block_indexes=[7, 15, 23, 31])


def config(kind, hidden, mlp, layers, heads, kv, vocab, tied, tower, rope=None):
    text = dict(TEXT, hidden_size=hidden, intermediate_size=mlp, num_hidden_layers=layers, num_attention_heads=heads,
                num_key_value_heads=kv, vocab_size=vocab, tie_word_embeddings=tied)
    if rope is not None:
        text["rope_scaling"] = {"type": "mrope", "mrope_section": rope}
    return kind(text_config=text, vision_config=tower, tie_word_embeddings=tied, **IDS)


PUBLISHED = {
    "Qwen2.5-VL-3B-Instruct": config(Qwen2_5_VLConfig, 2048, 11008, 36, 16, 2, 151936, True, dict(TOWER, out_hidden_size=2048)),
    "Qwen2.5-VL-7B-Instruct": config(Qwen2_5_VLConfig, 3584, 18944, 28, 28, 4, 152064, False, dict(TOWER, out_hidden_size=3584)),
    "Qwen2.5-VL-32B-Instruct": config(Qwen2_5_VLConfig, 5120, 27648, 64, 40, 8, 152064, False,
                                      dict(TOWER, intermediate_size=3456, out_hidden_size=5120)),
    "Qwen2-VL-2B-Instruct": config(Qwen2VLConfig, 1536, 8960, 28, 12, 2, 151936, True,
                                   dict(depth=32, embed_dim=1280, hidden_size=1536, mlp_ratio=4, num_heads=16, patch_size=14,
                                        spatial_merge_size=2, temporal_patch_size=2)),
}


def slim(cfg):
    """What shapes the weights, of everything that transformers writes."""
    kept = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size",
            "tie_word_embeddings", "rope_parameters", "rms_norm_eps", "depth", "hidden_act", "embed_dim", "mlp_ratio", "num_heads",
            "out_hidden_size", "patch_size", "spatial_merge_size", "temporal_patch_size", "window_size", "fullatt_block_indexes")
    all_of = json.loads(cfg.to_json_string(use_diff=False))
    parts = {part: {k: v for k, v in all_of[part].items() if k in kept} for part in ("text_config", "vision_config")}
    return {"model_type": all_of["model_type"], "tie_word_embeddings": all_of["tie_word_embeddings"],
            **{k: v for k, v in IDS.items() if k.startswith(("image", "video", "vision"))}, **parts}


def parameters(cfg):
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(cfg)
    return sum(p.numel() for p in model.parameters())  # a tied head is one with the embeddings


SMALL = {
    "qwen2_5_vl": (config(Qwen2_5_VLConfig, 64, 112, 3, 4, 2, 331, True,
                          dict(TOWER, depth=3, hidden_size=48, intermediate_size=100, num_heads=3, out_hidden_size=64,
                               fullatt_block_indexes=[1]), rope=[2, 3, 3]), (18, 12)),
    "qwen2_vl": (config(Qwen2VLConfig, 96, 160, 2, 6, 3, 257, False,
                        dict(depth=2, embed_dim=64, hidden_size=96, mlp_ratio=4, num_heads=4, patch_size=14, spatial_merge_size=2,
                             temporal_patch_size=2), rope=[2, 3, 3]), (8, 10)),
}
PARTS = {
    "language": lambda name: "visual" not in name,
    "everything": lambda name: True,
    "blocks": lambda name: "visual" not in name and "embed_tokens" not in name and "lm_head" not in name,
}


def counted(cfg, grid, text, trained=None):
    torch.manual_seed(1)
    cfg._attn_implementation = "eager"
    model = AutoModelForImageTextToText.from_config(cfg, attn_implementation="eager")
    rows, columns = grid
    image = rows * columns // 4
    ids = torch.tensor([[3] + [5] * image + [4] + [7 + i % 200 for i in range(text - 2)]])
    pixels = torch.randn(rows * columns, 3 * 2 * 14 * 14)
    inputs = dict(input_ids=ids, pixel_values=pixels, image_grid_thw=torch.tensor([[1, rows, columns]]),
                  mm_token_type_ids=(ids == 5).long(), use_cache=False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(trained is not None and PARTS[trained](name))
    counter = FlopCounterMode(display=False)
    with counter:
        if trained is None:
            with torch.no_grad():
                model(**inputs)
        else:
            model(**inputs).logits.float().square().sum().backward()
    operations = {str(k).removeprefix("aten."): v for k, v in counter.get_flop_counts()["Global"].items()}
    return {"total": counter.get_total_flops(), **operations}


print(json.dumps({
    "parameters": {name: parameters(cfg) for name, cfg in PUBLISHED.items()},
    "flops": [
        {"config": slim(cfg), "grid": grid, "text": 25,
         "forward": counted(cfg, grid, 25), **{name: counted(cfg, grid, 25, name) for name in PARTS}}
        for cfg, grid in SMALL.values()
    ],
}, indent=1))
