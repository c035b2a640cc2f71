"""Makes a random Qwen2-VL or Qwen2.5-VL with the real transformers, and what it computes on random inputs.

Writes a folder that `fine-r1 parity model` reads: config.json, generation_config.json, model.safetensors,
expected.safetensors (inputs, position ids, image embeddings, hidden states, logits, some gradients) and expected.json
(kind, loss, every gradient's norm). loss = masked mean negative log-likelihood of the next token; loss_mask aligns with
input_ids[:, 1:].

    python make_random_model.py OUT --kind qwen2_5_vl --width 48 --layers 3 --heads 6 --kv-heads 2 --rows "8x8+7;4x10+10"
"""

import argparse
import json
import math
import os

import torch
import transformers
from safetensors.torch import save_file


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--kind", choices=["qwen2_vl", "qwen2_5_vl"], required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=48, help="hidden size of the language model")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--mlp", type=int, default=80, help="width of the language model's MLP")
    parser.add_argument("--mrope", default="", help="time,height,width pairs of a head; default a quarter and the rest")
    parser.add_argument("--vocab", type=int, default=223)
    parser.add_argument("--untied", action="store_true", help="a head of its own")
    parser.add_argument("--rms-norm-eps", type=float, default=1e-6)
    parser.add_argument("--rope-theta", type=float, default=1e6)
    parser.add_argument("--vision-depth", type=int, default=4)
    parser.add_argument("--vision-width", type=int, default=48)
    parser.add_argument("--vision-heads", type=int, default=3)
    parser.add_argument("--vision-mlp", type=int, default=0, help="default 72, or twice the width for Qwen2-VL")
    parser.add_argument("--window", type=int, default=56, help="side of an attention window in pixels (Qwen2.5-VL)")
    parser.add_argument("--full-attention", default="1,3", help="blocks that see the whole image (Qwen2.5-VL)")
    parser.add_argument("--patch", type=int, default=14)
    parser.add_argument("--rows", default="8x8+7;4x10+10", help='a row: grids "HxW,HxW" in patches, "+", text tokens')
    return parser.parse_args()


def build_config(a):
    head = a.width // a.heads
    quarter = max(1, head // 8)
    sections = [int(s) for s in a.mrope.split(",")] if a.mrope else [head // 2 - 2 * quarter, quarter, quarter]
    v = a.vocab
    text = dict(
        vocab_size=v, hidden_size=a.width, intermediate_size=a.mlp, num_hidden_layers=a.layers,
        num_attention_heads=a.heads, num_key_value_heads=a.kv_heads, max_position_embeddings=512,
        rms_norm_eps=a.rms_norm_eps, use_sliding_window=False, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        rope_parameters=dict(rope_type="default", type="mrope", mrope_section=sections, rope_theta=a.rope_theta),
    )  # fmt: skip
    vision = dict(
        depth=a.vision_depth, num_heads=a.vision_heads, in_channels=3, patch_size=a.patch, spatial_merge_size=2,
        temporal_patch_size=2,
    )  # fmt: skip
    ids = dict(
        image_token_id=v - 5, video_token_id=v - 4, vision_start_token_id=v - 3, vision_end_token_id=v - 2,
        tie_word_embeddings=not a.untied,
    )  # fmt: skip
    if a.kind == "qwen2_vl":
        ratio = max(1, (a.vision_mlp or 2 * a.vision_width) // a.vision_width)
        vision |= dict(embed_dim=a.vision_width, hidden_size=a.width, mlp_ratio=ratio)
        return transformers.Qwen2VLConfig(text_config=text, vision_config=vision, **ids)
    vision |= dict(
        hidden_size=a.vision_width, intermediate_size=a.vision_mlp or 72, out_hidden_size=a.width,
        window_size=a.window, fullatt_block_indexes=[int(b) for b in a.full_attention.split(",")],
    )  # fmt: skip
    return transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision, **ids)


def randomise(model, generator):
    """Weights large enough that every part shows in the logits: 1.2/√fan-in, norms near 1, biases of 0.1."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim > 1:
            scale = 1.2 / math.sqrt(parameter[0].numel())
            parameter.data = noise * scale
        else:
            is_scale = name.endswith("weight")
            parameter.data = (1.0 if is_scale else 0.0) + 0.1 * noise


def make_inputs(a, config, generator):
    rows, grids = [], []
    for row in a.rows.split(";"):
        images, _, words = row.partition("+")
        ids = [1]
        for grid in filter(None, images.split(",")):
            h, w = (int(side) for side in grid.split("x"))
            grids.append([1, h, w])
            ids += [config.vision_start_token_id] + [config.image_token_id] * (h * w // 4) + [config.vision_end_token_id]
        ids += torch.randint(3, a.vocab - 8, (int(words),), generator=generator).tolist()
        rows.append(ids)
    width = max(len(ids) for ids in rows)
    input_ids = torch.tensor([[0] * (width - len(ids)) + ids for ids in rows])
    attention = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in rows])
    grid_thw = torch.tensor(grids).reshape(-1, 3)
    patches = int(grid_thw.prod(-1).sum()) if len(grids) else 0
    pixels = torch.randn((patches, 3 * 2 * a.patch**2), generator=generator)
    return input_ids, attention, grid_thw, pixels


def main():
    a = arguments()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(a.seed)
    config = build_config(a)
    config._attn_implementation = "eager"
    classes = dict(qwen2_vl="Qwen2VLForConditionalGeneration", qwen2_5_vl="Qwen2_5_VLForConditionalGeneration")
    model = getattr(transformers, classes[a.kind])(config).float().eval()
    randomise(model, generator)
    model.tie_weights()
    model.save_pretrained(a.out)

    input_ids, attention, grid_thw, pixels = make_inputs(a, config, generator)
    types = (input_ids == config.image_token_id).int()
    has_images = len(grid_thw) > 0
    if has_images:
        position_ids, _ = model.model.get_rope_index(
            input_ids, mm_token_type_ids=types, image_grid_thw=grid_thw, attention_mask=attention
        )
    else:
        position_ids = (attention.cumsum(-1) - 1).masked_fill(attention == 0, 0).expand(3, -1, -1)
    vision = dict(pixel_values=pixels, image_grid_thw=grid_thw) if has_images else {}
    output = model(
        input_ids=input_ids, attention_mask=attention, position_ids=position_ids, output_hidden_states=True,
        use_cache=False, **vision,
    )  # fmt: skip
    loss_mask = attention[:, 1:] * attention[:, :-1] * (input_ids[:, 1:] != config.image_token_id).int()
    log_probs = torch.log_softmax(output.logits[:, :-1], -1).gather(-1, input_ids[:, 1:, None])[..., 0]
    loss = -(log_probs * loss_mask).sum() / loss_mask.sum()
    loss.backward()

    tensors = dict(
        input_ids=input_ids.int(), attention_mask=attention.int(), loss_mask=loss_mask.int(),
        position_ids=position_ids.int(), logits=output.logits, hidden_state_0=output.hidden_states[0],
        last_hidden_state=output.hidden_states[-1], image_grid_thw=grid_thw.int(), pixel_values=pixels,
    )  # fmt: skip
    if has_images:
        tensors["image_embeds"] = torch.cat(list(model.model.get_image_features(pixels, grid_thw).pooler_output))
    norms = {}
    last = a.layers - 1
    kept = ("embed_tokens", "layers.0.self_attn.k_proj", f"layers.{last}.mlp.down_proj", "lm_head",
            "visual.blocks.0.attn.qkv.weight", "visual.merger", "visual.patch_embed")  # fmt: skip
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        norms[f"grad.{name}"] = parameter.grad.norm().item()
        if any(part in name for part in kept):
            tensors[f"grad.{name}"] = parameter.grad
    save_file({k: t.detach().contiguous() for k, t in tensors.items()}, os.path.join(a.out, "expected.safetensors"))
    note = (
        f"Random weights and inputs (make_random_model.py, seed {a.seed}); expected values computed with transformers "
        f"{transformers.__version__} / torch {torch.__version__} on CPU in float32. loss = masked mean negative "
        "log-likelihood of the next token (loss_mask aligns with input_ids[:,1:])."
    )
    with open(os.path.join(a.out, "expected.json"), "w") as file:
        json.dump(dict(kind=a.kind, loss=loss.item(), gradNorms=norms, note=note), file, indent=1)
    print(json.dumps(dict(parameters=sum(p.numel() for p in model.parameters()), loss=loss.item())))


main()
