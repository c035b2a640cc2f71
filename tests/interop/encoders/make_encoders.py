"""Writes tiny random CLIP, SigLIP and SigLIP2 checkpoints as their authors lay them out, and what the Python libraries make of pictures and texts.

python make_encoders.py FOLDER: FOLDER/<name>/ in the layout of the hub, FOLDER/<name>.json the expected vectors. Nothing is downloaded.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer, SiglipConfig, SiglipModel, SiglipTokenizer
from transformers import Siglip2Tokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

# Names as sets of pictures have them: apostrophes, hyphens, figures, capitals, an accent, and one that must be cut.
TEXTS = [
    "a photo of a Black-footed Albatross",
    "a photo of a Chuck-will's-widow",
    "BMW 3 Series Sedan 2012",
    "Boeing 737-200",
    "bird of paradise",
    "bird",
    "Château Élan,  (red)!",
    "a photo of a rusty blackbird " * 20,
]
SIZES = [(100, 60), (40, 90), (28, 28), (231, 57), (15, 20)]


def picture(index, width, height):
    """Whole numbers alone, so that every language draws the same: waves with fine detail that a resize without antialiasing would alias."""
    x = np.arange(width, dtype=np.int64)[None, :, None]
    y = np.arange(height, dtype=np.int64)[:, None, None]
    c = np.arange(3, dtype=np.int64)[None, None, :]
    return ((3 * x * x + 5 * x * y + 7 * (c + 1) * y + 31 * index) % 256).astype(np.uint8)


def clip_tokenizer():
    letters = [chr(i) for i in range(33, 127)] + [chr(i) for i in range(161, 173)] + [chr(i) for i in range(174, 324)]
    merges = [("a", "l"), ("o", "f</w>"), ("b", "i"), ("bi", "r"), ("bir", "d</w>"), ("p", "h"), ("ph", "o"), ("t", "o</w>")]
    words = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges]
    vocab = {word: i for i, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77), len(vocab)


def siglip_tokenizer(folder):
    """A real SentencePiece model, trained on a few names; its class removes punctuation and capitals, as big_vision does."""
    import sentencepiece

    lines = folder.parent / "lines.txt"
    lines.write_text("\n".join([text.lower() for text in TEXTS] * 4), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(folder / "spiece"), vocab_size=96, model_type="unigram", character_coverage=1.0,
        pad_id=-1, bos_id=-1, eos_id=1, unk_id=2, minloglevel=2, hard_vocab_limit=False, num_threads=1,
    )  # fmt: skip
    (folder / "spiece.vocab").unlink()
    tokenizer = SiglipTokenizer(str(folder / "spiece.model"), model_max_length=64)
    return tokenizer, tokenizer.vocab_size


def siglip2_tokenizer():
    """Gemma's kind: byte-pair pieces with a mark for spaces, bytes for what is in none."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    pieces = [f"<0x{i:02X}>" for i in range(256)] + list("▁abcdefghijklmnopqrstuvwxyz0123456789-'")
    merges = [("▁", "o"), ("▁o", "f"), ("b", "i"), ("bi", "r"), ("bir", "d"), ("▁", "bird"), ("▁", "a"), ("p", "h")]
    vocab = {piece: i for i, piece in enumerate([*special, *pieces, *("".join(pair) for pair in merges)])}
    from tokenizers import processors

    tokenizer = Siglip2Tokenizer(vocab=vocab, merges=merges, padding_side="right", model_max_length=64)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    return tokenizer, len(vocab)


TEXT = {"bos_token_id": None, "eos_token_id": None, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
VISION = {**TEXT, "image_size": 28, "patch_size": 7}
HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def clip(folder):
    tokenizer, size = clip_tokenizer()
    ends = {"bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    config = CLIPConfig(text_config={**TEXT, "vocab_size": size, **ends}, vision_config=VISION, projection_dim=12)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    return CLIPModel(config), tokenizer, processor


def siglip(folder):
    tokenizer, size = siglip_tokenizer(folder)
    config = SiglipConfig(text_config={**TEXT, "vocab_size": size}, vision_config=VISION)
    return SiglipModel(config), tokenizer, SiglipImageProcessorPil(size={"height": 28, "width": 28}, **HALF)


def siglip2(folder):
    tokenizer, size = siglip2_tokenizer()
    config = SiglipConfig(text_config={**TEXT, "vocab_size": size}, vision_config=VISION)
    return SiglipModel(config), tokenizer, SiglipImageProcessorPil(size={"height": 28, "width": 28}, resample=2, **HALF)


def randomise(model, seed):
    """Numbers of half precision, so that the recorded files are small; larger than fresh weights, so that pictures and texts differ."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        drawn = torch.randn(parameter.shape, generator=generator) * (0.1 if name.endswith("bias") else 0.25)
        parameter.data = ((1 + drawn if "norm" in name and name.endswith("weight") else drawn)).bfloat16().float()


def expected(model, tokenizer, processor):
    pictures = [Image.fromarray(picture(i, *size)) for i, size in enumerate(SIZES)]
    pixels = torch.cat([torch.as_tensor(np.asarray(processor(one, return_tensors="np")["pixel_values"])) for one in pictures])
    mean, deviation = (torch.tensor(getattr(processor, key)).view(1, 3, 1, 1) for key in ("image_mean", "image_std"))
    grey = ((pixels * deviation + mean) * 255).round().to(torch.uint8)
    fill = "max_length" if model.config.model_type == "siglip" else True
    ids = tokenizer(TEXTS, padding=fill, truncation=True, max_length=model.config.text_config.max_position_embeddings, return_tensors="pt")
    taken = {"input_ids": ids["input_ids"]}
    if model.config.model_type == "clip":
        taken["attention_mask"] = ids["attention_mask"]
    with torch.no_grad():
        images = plain(model.get_image_features(pixel_values=pixels.float()))
        texts = plain(model.get_text_features(**taken))
    return {
        "sizes": SIZES,
        "texts": TEXTS,
        "grey": [hashlib.sha256(one.permute(1, 2, 0).contiguous().numpy().tobytes()).hexdigest() for one in grey],
        "images": rounded(images),
        "encoded": rounded(texts),
    }


def plain(out):
    return out if isinstance(out, torch.Tensor) else out.pooler_output


def rounded(vectors):
    return [[float(f"{value:.8g}") for value in vector] for vector in vectors.tolist()]


def main():
    root = Path(sys.argv[1])
    for seed, make in enumerate([clip, siglip, siglip2], start=1):
        folder = root / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        model, tokenizer, processor = make(folder)
        randomise(model.eval(), seed)
        for part in (model, tokenizer):
            part.save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(processor.to_dict(), default=str))
        figures = expected(model, tokenizer, processor)
        (root / f"{make.__name__}.json").write_text(json.dumps(figures, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
