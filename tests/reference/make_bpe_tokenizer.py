"""Makes the small byte-level BPE tokenizer of tests/reference/bpe_tokenizer with the real `tokenizers` package.

It has Qwen's pre-tokenization, special tokens and chat template, fewer than 400 tokens, and expected.json: what the real
transformers encodes, decodes and renders.

    python make_bpe_tokenizer.py OUT
"""

import json
import os
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|vision_start|>", "<|vision_end|>",
           "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"]  # fmt: skip
# The chat template of the published Qwen2.5-VL checkpoints.
TEMPLATE = (
    "{% set image_count = namespace(value=0) %}{% set video_count = namespace(value=0) %}{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    "{% endif %}<|im_start|>{{ message['role'] }}\n{% if message['content'] is string %}{{ message['content'] }}"
    "<|im_end|>\n{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' or 'image' in content"
    " or 'image_url' in content %}{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture "
    "{{ image_count.value }}: {% endif %}<|vision_start|><|image_pad|><|vision_end|>{% elif content['type'] == 'video' "
    "or 'video' in content %}{% set video_count.value = video_count.value + 1 %}{% if add_vision_id %}Video "
    "{{ video_count.value }}: {% endif %}<|vision_start|><|video_pad|><|vision_end|>{% elif 'text' in content %}"
    "{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}{% endfor %}{% if add_generation_prompt %}"
    "<|im_start|>assistant\n{% endif %}"
)
CORPUS = [
    "What type of bird is this photo? Choose one from the following options.",
    "The analysis of candidate subcategories: the prediction is: <think> </think> <answer> </answer>",
    "This bird isn't an Acadian Flycatcher; it's a Least Flycatcher, 14 cm long.",
]
TEXTS = [
    "What type of bird is this?",
    "<think>\nIt's   the   Least Flycatcher,\n\n 14 cm.</think><answer>Least Flycatcher</answer>",
    "Zürich, naïve café — 鳥 🐦 \t tabs",
    "  leading and trailing  ",
    "It'LL <|im_end|>\n<|im_start|>user\nA<|vision_start|><|image_pad|><|image_pad|><|vision_end|>B",
    "e\u0301 normalised",
]
CHATS = [
    [dict(role="user", content=[dict(type="image"), dict(type="text", text="What is it?")])],
    [
        dict(role="system", content="You are a bird expert."),
        dict(role="user", content=[dict(type="image"), dict(type="text", text="\nThis:"), dict(type="image")]),
        dict(role="assistant", content="Least Flycatcher"),
        dict(role="user", content="Sure?"),
    ],
]


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        CORPUS * 3, trainers.BpeTrainer(vocab_size=391, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.save(os.path.join(out, "tokenizer.json"))
    settings = dict(
        tokenizer_class="PreTrainedTokenizerFast", bos_token=None, eos_token="<|im_end|>", pad_token="<|endoftext|>",
        additional_special_tokens=SPECIAL[1:], chat_template=TEMPLATE, clean_up_tokenization_spaces=False,
        model_max_length=32768,
    )  # fmt: skip
    with open(os.path.join(out, "tokenizer_config.json"), "w") as file:
        json.dump(settings, file, indent=1)
    real = PreTrainedTokenizerFast.from_pretrained(out)
    texts = [dict(text=text, ids=real.encode(text)) for text in TEXTS]
    for item in texts:
        item["decoded"] = real.decode(item["ids"])
        item["plain"] = real.decode(item["ids"], skip_special_tokens=True)
    chats = []
    for messages in CHATS:
        rendered = real.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        chats.append(dict(messages=messages, rendered=rendered, ids=real.encode(rendered)))
    with open(os.path.join(out, "expected.json"), "w") as file:
        json.dump(dict(vocabSize=len(real), texts=texts, chats=chats), file, indent=1, ensure_ascii=False)


main()
