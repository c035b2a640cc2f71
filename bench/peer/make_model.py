"""Writes a random Qwen2.5-VL with its tokenizer, its processor and the task that both sides of the bench run.

    python bench/peer/make_model.py --size 0.6M --out .setup/bench/0.6M

Made by the real transformers; this project's loader and TRL read the same folder. `task.json` beside the model holds
the prompts, the images as raw RGB bytes (base64) and the sizes of the step.
"""

import argparse
import base64
import json
import random
from pathlib import Path

import numpy as np
import torch
from torchvision_ops import make_torchvision_importable

make_torchvision_importable()

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from transformers import (  # noqa: E402
    GenerationConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
VOCABULARY = 1024
IMAGE_SIDE = 112
SIZES = {
    "0.6M": {"layers": 4, "width": 64, "heads": 2, "kv": 1, "mlp": 176, "vision_mlp": 128, "new_tokens": 64},
    "2M": {"layers": 4, "width": 128, "heads": 4, "kv": 2, "mlp": 352, "vision_mlp": 256, "new_tokens": 128},
    "10M": {"layers": 8, "width": 256, "heads": 8, "kv": 4, "mlp": 704, "vision_mlp": 512, "new_tokens": 96},
    "50M": {"layers": 12, "width": 512, "heads": 8, "kv": 4, "mlp": 1408, "vision_mlp": 1024, "new_tokens": 96},
}
VISION_LAYERS = 4
# The published template of Qwen2.5-VL without its default system turn, tools and videos.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
QUESTIONS = [
    "This is an image containing a bird. Name the species of the bird.",
    "This is an image containing a flower. Name the species of the flower.",
]


def make_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE of 1,024 tokens, trained on made-up words: the kind of tokenizer Qwen has, in small."""
    rng = random.Random(0)
    syllables = [c + v + e for c in "bcdfglmnprstvw" for v in "aeiou" for e in ["", "l", "n", "r", "st"]]
    words = ["".join(rng.choice(syllables) for _ in range(rng.randint(1, 3))) for _ in range(4000)]
    lines = QUESTIONS + [" ".join(rng.choice(words) for _ in range(12)) for _ in range(2000)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    assert tokenizer.get_vocab_size() == VOCABULARY
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=SPECIAL,
        padding_side="left",
        model_max_length=512,
        extra_special_tokens={
            "image_token": "<|image_pad|>",
            "video_token": "<|video_pad|>",
            "vision_bos_token": "<|vision_start|>",
            "vision_eos_token": "<|vision_end|>",
        },
    )


def make_config(size: dict) -> Qwen2_5_VLConfig:
    width, heads = size["width"], size["heads"]
    half = width // heads // 2
    ids = {name: SPECIAL.index(name) for name in SPECIAL}
    return Qwen2_5_VLConfig(
        text_config={
            "hidden_size": width,
            "intermediate_size": size["mlp"],
            "num_hidden_layers": size["layers"],
            "num_attention_heads": heads,
            "num_key_value_heads": size["kv"],
            "vocab_size": VOCABULARY,
            "max_position_embeddings": 512,
            "tie_word_embeddings": True,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 1000000.0,
                "mrope_section": [half // 4, half * 3 // 8, half * 3 // 8],
            },
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": VISION_LAYERS,
            "hidden_size": width,
            "intermediate_size": size["vision_mlp"],
            "num_heads": heads,
            "out_hidden_size": width,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 56,
            "fullatt_block_indexes": [1, 3],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )


def make_processor(tokenizer: PreTrainedTokenizerFast) -> Qwen2_5_VLProcessor:
    pixels = {"shortest_edge": 56 * 56, "longest_edge": 448 * 448}
    patches = {"patch_size": 14, "temporal_patch_size": 2, "merge_size": 2, "size": pixels}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**patches),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**patches),
        chat_template=CHAT_TEMPLATE,
    )


def make_task(size: dict) -> dict:
    """Two prompts, each with an anchor, a positive and a negative image of smooth random colours."""
    rng = np.random.default_rng(0)

    def image() -> str:
        coarse = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        pixels = np.kron(coarse, np.ones((IMAGE_SIDE // 8, IMAGE_SIDE // 8, 1), dtype=np.uint8))
        return base64.b64encode(pixels.tobytes()).decode("ascii")

    return {
        "newTokens": size["new_tokens"],
        "rollouts": 10,
        "imageSide": IMAGE_SIDE,
        "suppressedTokens": list(range(len(SPECIAL))),
        "probe": rng.integers(len(SPECIAL), VOCABULARY, 32).tolist(),
        "prompts": [
            {"text": text, "anchor": image(), "positive": image(), "negative": image()} for text in QUESTIONS
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=sorted(SIZES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    size = SIZES[args.size]
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(make_config(size))
    ids = {name: index for index, name in enumerate(SPECIAL)}
    model.generation_config = GenerationConfig(eos_token_id=ids["<|im_end|>"], pad_token_id=ids["<|endoftext|>"])
    args.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(args.out / "model")
    processor = make_processor(make_tokenizer())
    processor.save_pretrained(args.out / "model")
    processor.image_processor.save_pretrained(args.out / "model")  # preprocessor_config.json, as on the hub
    task = make_task(size)
    task["parameters"] = sum(p.numel() for p in model.parameters())
    (args.out / "task.json").write_text(json.dumps(task) + "\n")  # last: its presence says that the folder is whole
    print(f"{args.size}: {task['parameters']:,} parameters in {args.out}")


if __name__ == "__main__":
    main()
