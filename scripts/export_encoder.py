"""python scripts/export_encoder.py HUB_ID FOLDER: an encoder of the hub in the form that `onnx:FOLDER` reads.

CLIP, SigLIP and SigLIP2 (of one resolution) become two towers, onnx/text_model.onnx and onnx/vision_model.onnx; any other encoder of texts
(BERT, MPNet, …) becomes onnx/model.onnx. `--open-clip` takes a repository of OpenCLIP's, such as EVA's. HUB_ID may be a folder, too.
Needs torch, transformers, onnx and onnxscript; for --open-clip also open-clip-torch, timm and torchvision.
"""

import argparse
import json
import shutil
import warnings
from pathlib import Path

import torch

OPSET = 18
# Protocol buffers hold less than 2 GiB: weights of more lie beside the graph, in text_model.onnx.data
LARGEST = 1_900_000_000


class Tower(torch.nn.Module):
    """One tower: a model that gives the named outputs, in this order, as a tuple."""

    def __init__(self, model, run):
        super().__init__()
        self.model = model
        self.run = run

    def forward(self, *inputs):
        return self.run(self.model, *inputs)


def export(tower, inputs, outputs, dynamic, file):
    """Writes a graph. `inputs` are examples by name; `dynamic` names the axes that may have any length."""
    file.parent.mkdir(parents=True, exist_ok=True)
    size = sum(p.numel() * p.element_size() for p in tower.parameters())
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            tower.eval(),
            tuple(inputs.values()),
            str(file),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dynamic[name] for name in [*inputs, *outputs]},
            opset_version=OPSET,
            dynamo=False,
            external_data=size > LARGEST,
        )


def export_dual(source, revision, folder):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source, revision=revision, dtype=torch.float32, attn_implementation="eager")
    kind = model.config.model_type
    if kind not in ("clip", "siglip"):
        raise SystemExit(f"{source}: model_type {kind} is neither clip nor siglip; of SigLIP2 take one of a fixed resolution")
    length = model.config.text_config.max_position_embeddings
    side = model.config.vision_config.image_size
    names = ("text_embeds", "image_embeds") if kind == "clip" else ("pooler_output", "pooler_output")
    text = lambda m, ids: plain(m.get_text_features(input_ids=ids))  # noqa: E731
    vision = lambda m, x: plain(m.get_image_features(pixel_values=x))  # noqa: E731
    end = model.config.text_config.eos_token_id if kind == "clip" else 1
    export_towers(model, text, vision, names, length, end, side, folder)
    copy(source, revision, "config.json", folder)
    save_tokenizer(source, revision, folder)
    if not copy(source, revision, "preprocessor_config.json", folder):
        newer = found(source, revision, "processor_config.json")
        if newer is None:
            raise SystemExit(f"{source}: has neither preprocessor_config.json nor processor_config.json")
        write(folder / "preprocessor_config.json", json.loads(Path(newer).read_text())["image_processor"])


def plain(out):
    """transformers 5 wraps features in an output object; earlier ones give the tensor."""
    return out if isinstance(out, torch.Tensor) else out.pooler_output


def save_tokenizer(source, revision, folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    tokenizer.save_pretrained(folder)
    if not (folder / "tokenizer.json").exists():  # SigLIP's is SentencePiece with steps of its own before it
        siglip_tokenizer(tokenizer).save(str(folder / "tokenizer.json"))


def siglip_tokenizer(tokenizer):
    """SigLIP's SentencePiece and what its Python class does before: no capitals, no punctuation, single spaces."""
    import string

    from tokenizers import Regex, normalizers, processors
    from transformers.convert_slow_tokenizer import SpmConverter

    class SiglipConverter(SpmConverter):
        def normalizer(self, proto):
            punctuation = "[" + "".join("\\" + mark for mark in string.punctuation) + "]"
            before = [
                normalizers.Lowercase(),
                normalizers.Replace(Regex(punctuation), ""),
                normalizers.Replace(Regex(r"\s+"), " "),
                normalizers.Strip(),
            ]
            return normalizers.Sequence([*before, super().normalizer(proto)])

        def post_processor(self):
            end = self.original_tokenizer.eos_token
            return processors.TemplateProcessing(
                single=["$A", end], special_tokens=[(end, self.original_tokenizer.eos_token_id)]
            )

    return SiglipConverter(tokenizer).converted()


def export_towers(model, text, vision, names, length, end, side, folder):
    ids = torch.zeros(2, length - 1, dtype=torch.int64)  # short of the longest: no length is taken for granted
    ids[:, -1] = end  # CLIP looks for it
    text_axes = {"input_ids": {0: "batch", 1: "length"}, names[0]: {0: "batch"}}
    export(Tower(model, text), {"input_ids": ids}, [names[0]], text_axes, folder / "onnx" / "text_model.onnx")
    pixels = {"pixel_values": torch.zeros(2, 3, side, side)}
    image_axes = {"pixel_values": {0: "batch"}, names[1]: {0: "batch"}}
    export(Tower(model, vision), pixels, [names[1]], image_axes, folder / "onnx" / "vision_model.onnx")


def export_open_clip(source, revision, folder):
    import open_clip

    named = f"local-dir:{source}" if Path(source).is_dir() else f"hf-hub:{source}"
    model, _, _ = open_clip.create_model_and_transforms(named, precision="fp32")
    settings = open_clip.get_model_preprocess_cfg(model)
    side = settings["size"][0] if isinstance(settings["size"], (tuple, list)) else settings["size"]
    names = ("text_embeds", "image_embeds")
    length = model.context_length
    # its attention is traced for one length: shorter texts are filled up in the graph, as its own tokenizer does, with zeros
    text = lambda m, ids: m.encode_text(torch.nn.functional.pad(ids, (0, length - ids.shape[1])))  # noqa: E731
    export_towers(model, text, lambda m, x: m.encode_image(x), names, length, 1, side, folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        copy(source, revision, name, folder)
    config = {"model_type": "clip", "_name_or_path": source, "text_config": {"max_position_embeddings": length}}
    write(folder / "config.json", config)
    middle = {"do_center_crop": True, "crop_size": {"height": side, "width": side}}
    levels = {"image_mean": list(settings["mean"]), "image_std": list(settings["std"])}
    write(folder / "preprocessor_config.json", {"size": {"shortest_edge": side}, "resample": 3, **middle, **levels})


def export_sentences(source, revision, folder):
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(source, revision=revision, dtype=torch.float32, attn_implementation="eager")
    tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
    inputs = dict(tokenizer(["a least auklet", "a bird"], padding=True, return_tensors="pt"))
    names = list(inputs)
    run = lambda m, *given: m(**dict(zip(names, given))).last_hidden_state  # noqa: E731
    axes = {name: {0: "batch", 1: "length"} for name in [*names, "last_hidden_state"]}
    export(Tower(model, run), inputs, ["last_hidden_state"], axes, folder / "onnx" / "model.onnx")
    tokenizer.save_pretrained(folder)
    # with what sentence-transformers keeps: how long a text may be, and how its tokens become one vector
    for name in ("config.json", "sentence_bert_config.json", "1_Pooling/config.json"):
        copy(source, revision, name, folder)


def copy(source, revision, name, folder):
    """Whether there is such a file."""
    kept = found(source, revision, name)
    if kept is not None:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(kept, folder / name)
    return kept is not None


def found(source, revision, name):
    if Path(source).is_dir():
        return Path(source) / name if (Path(source) / name).exists() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    try:
        return hf_hub_download(source, name, revision=revision)
    except EntryNotFoundError:
        return None


def write(file, value):
    file.write_text(json.dumps(value, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="an id of the hub, or a folder")
    parser.add_argument("folder", type=Path, help="where it is written")
    parser.add_argument("--revision", default="main")
    parser.add_argument("--open-clip", action="store_true", help="the source is a repository of OpenCLIP's")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    if args.open_clip:
        export_open_clip(args.source, args.revision, args.folder)
    else:
        from transformers import AutoConfig

        kind = AutoConfig.from_pretrained(args.source, revision=args.revision).model_type
        dual = kind in ("clip", "siglip", "siglip2")
        (export_dual if dual else export_sentences)(args.source, args.revision, args.folder)
    print(f"{args.source} is in {args.folder}; give it as onnx:{args.folder}")


if __name__ == "__main__":
    main()
