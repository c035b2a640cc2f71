"""python record.py MADE EXPORTED OUT: packs what make_encoders.py and export_encoder.py wrote of clip and siglip2 into OUT, for `npm test`."""

import sys
import zipfile
from pathlib import Path

NAMES = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "onnx/text_model.onnx", "onnx/vision_model.onnx"]
made, exported, out = map(Path, sys.argv[1:])
for model in ["clip", "siglip2"]:
    with zipfile.ZipFile(out / f"{model}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in NAMES:
            archive.writestr(zipfile.ZipInfo(name), (exported / model / name).read_bytes(), zipfile.ZIP_DEFLATED, 9)
    (out / f"{model}.json").write_bytes((made / f"{model}.json").read_bytes())
