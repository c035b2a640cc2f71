"""Loads a tokenizer folder with the real transformers and prints, as JSON, what it makes of texts and conversations.

INPUT is JSON: {"texts": [...], "chats": [[message, ...], ...]}.

    python check_tokenizer.py FOLDER INPUT.json
"""

import json
import sys

from transformers import AutoTokenizer


def main():
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    with open(sys.argv[2]) as file:
        given = json.load(file)
    ids = [tokenizer.encode(text, add_special_tokens=False) for text in given["texts"]]
    rendered = [
        tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        for messages in given["chats"]
    ]
    result = dict(
        size=len(tokenizer), eos=tokenizer.eos_token_id, pad=tokenizer.pad_token_id, ids=ids, rendered=rendered,
        decoded=[tokenizer.decode(tokens, skip_special_tokens=True) for tokens in ids],
        rendered_ids=[tokenizer.encode(text, add_special_tokens=False) for text in rendered],
    )  # fmt: skip
    print(json.dumps(result))


main()
