"""python parameters.py: millions of parameters by part, as JSON, of the rows of configs/models whose architecture transformers has: models of
their published sizes, made without memory (device meta). Left out: EVA-G and InternVL2.5, whose code it has not."""

import json

import torch
import transformers as t

VIT_L = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16}
SO400M = {"hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16, "patch_size": 14}
SEVEN = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8}
QWEN7 = {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4}
QWEN2 = {"hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12, "num_key_value_heads": 2}
QWEN3 = {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16, "num_key_value_heads": 2}


def clip(text, vision):
    return t.CLIPModel(t.CLIPConfig(text_config=text, vision_config=vision, projection_dim=768))


def siglip(vocabulary):
    text = {**VIT_L, "vocab_size": vocabulary, "max_position_embeddings": 64}
    return t.SiglipModel(t.SiglipConfig(text_config=text, vision_config={**VIT_L, "image_size": 384, "patch_size": 16}))


def qwen2(text, vocabulary, tied):
    config = t.Qwen2VLConfig(text_config={**text, "vocab_size": vocabulary, "tie_word_embeddings": tied}, vision_config={"hidden_size": text["hidden_size"]}, tie_word_embeddings=tied)  # fmt: skip
    return t.Qwen2VLForConditionalGeneration(config)


def qwen25(text, vocabulary, tied):
    vision = {"hidden_size": 1280, "intermediate_size": 3420, "out_hidden_size": text["hidden_size"]}
    config = t.Qwen2_5_VLConfig(text_config={**text, "vocab_size": vocabulary, "tie_word_embeddings": tied}, vision_config=vision, tie_word_embeddings=tied)  # fmt: skip
    return t.Qwen2_5_VLForConditionalGeneration(config)


def llava_next():
    text = t.MistralConfig(**SEVEN, vocab_size=32064)
    vision = t.CLIPVisionConfig(**VIT_L, image_size=336, patch_size=14)
    return t.LlavaNextForConditionalGeneration(t.LlavaNextConfig(text_config=text, vision_config=vision))


def onevision():
    text = t.Qwen2Config(**QWEN7, vocab_size=152000, tie_word_embeddings=False)
    vision = t.SiglipVisionConfig(**SO400M, image_size=384, num_hidden_layers=26, vision_use_head=False)
    config = t.LlavaOnevisionConfig(text_config=text, vision_config=vision, tie_word_embeddings=False)
    return t.LlavaOnevisionForConditionalGeneration(config)


def idefics2():
    text = t.MistralConfig(**SEVEN, vocab_size=32003)
    vision = {**SO400M, "num_hidden_layers": 27, "image_size": 980}
    return t.Idefics2ForConditionalGeneration(t.Idefics2Config(text_config=text, vision_config=vision, tie_word_embeddings=False))


def idefics3():
    text = t.LlamaConfig(**SEVEN, vocab_size=128259)
    vision = {**SO400M, "num_hidden_layers": 27, "image_size": 364}
    config = t.Idefics3Config(text_config=text, vision_config=vision, scale_factor=2, tie_word_embeddings=False)
    return t.Idefics3ForConditionalGeneration(config)


ROWS = {
    "clip-l": lambda: clip(
        {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
        {**VIT_L, "image_size": 336, "patch_size": 14},
    ),
    "siglip-l": lambda: siglip(32000),
    "siglip2-l": lambda: siglip(256000),
    "idefics2-8b": idefics2,
    "idefics3-8b": idefics3,
    "llava-1.6-mistral-7b": llava_next,
    "llava-onevision-7b": onevision,
    "qwen2-vl-2b": lambda: qwen2(QWEN2, 151936, True),
    "qwen2-vl-7b": lambda: qwen2(QWEN7, 152064, False),
    "qwen2.5-vl-3b": lambda: qwen25(QWEN3, 151936, True),
    "qwen2.5-vl-7b": lambda: qwen25(QWEN7, 152064, False),
}


def main():
    counts = {}
    for name, make in ROWS.items():
        with torch.device("meta"):
            model = make()
        own = {}
        for key, parameter in model.named_parameters():
            part = "vision" if "vision" in key or "visual" in key else "text" if "text_model" in key or "language_model" in key or "lm_head" in key else "other"
            own[part] = own.get(part, 0) + parameter.numel() / 1e6
        counts[name] = {part: round(count, 2) for part, count in own.items()}
        counts[name]["total"] = round(sum(p.numel() for p in model.parameters()) / 1e6, 2)
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
