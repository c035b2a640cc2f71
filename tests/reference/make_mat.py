"""Writes small MAT files of the very layouts in which three picture sets ship their lists, with SciPy, for tests/data/mat.test.ts and setsFixture.ts.

    python tests/reference/make_mat.py tests/reference/mat        (scipy 1.17.1, numpy 2.4)

Shapes and types are those that SciPy reads from the published files: Flowers-102 `labels` uint8 [1, N] and `trnid`, `valid`, `tstid` uint16
[1, n]; Stanford Cars `class_names` a cell [1, C] and `annotations` a struct array [1, N] with the fields below; Stanford Dogs `file_list` and
`annotation_list` cells [N, 1], `labels` float64 [N, 1]. The names are made up.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.io import savemat


def cell(texts, shape):
    out = np.empty(len(texts), dtype=object)
    out[:] = texts
    return out.reshape(shape)


def annotations(rows, labelled=True):
    fields = ["bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", *(["class"] if labelled else []), "fname"]
    out = np.empty((1, len(rows)), dtype=[(name, object) for name in fields])
    for i, (label, fname) in enumerate(rows):
        box = [np.uint16(30 + i), np.uint16(40), np.uint16(300), np.uint16(280)]
        out[0, i] = (*box, *([np.uint8(label)] if labelled else []), fname)
    return out


def listed(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    savemat(folder / f"{name}.mat", content, do_compression=True)


def sets(folder):
    """The lists of whole small sets, for tests/data/setsFixture.ts, which makes their pictures."""
    # four flowers, ten pictures each: four for training, two for validation, four for testing
    labels = [label for label in (1, 2, 3, 102) for _ in range(10)]
    ids = lambda chosen: np.array([[1 + i for i in range(40) if i % 10 in chosen]], dtype=np.uint16)
    listed(folder / "flowers", "imagelabels", {"labels": np.array([labels], dtype=np.uint8)})
    listed(folder / "flowers", "setid", {"trnid": ids(range(4)), "valid": ids(range(4, 6)), "tstid": ids(range(6, 10))})
    # four cars: four pictures for training and two for testing of each, in both counted from 00001.jpg
    names = ["Auric Comet Coupe 2011", "Ram C/V Cargo 2012", "Brass Beetle SUV 1999", "Dune Otter Sedan 2007"]
    rows = lambda each: [(1 + i % 4, f"{i + 1:05d}.jpg") for i in range(4 * each)]
    listed(folder / "cars", "cars_meta", {"class_names": cell(names, (1, 4))})
    listed(folder / "cars", "cars_train_annos", {"annotations": annotations(rows(4))})
    listed(folder / "cars", "cars_test_annos_withlabels", {"annotations": annotations(rows(2))})
    listed(folder / "cars", "cars_test_annos", {"annotations": annotations(rows(2), labelled=False)})
    # four dogs, as many
    breeds = ["n02000001-Moss_hound", "n02000002-soft-coated_terrier", "n02000003-affen", "n02000004-Fen_spaniel"]
    for part, numbers in (("train", range(4)), ("test", range(4, 6))):
        files = [f"{breed}/{breed[:9]}_{i}.jpg" for breed in breeds for i in numbers]
        label = np.array([[1.0 + breeds.index(file.split("/")[0])] for file in files])
        listed(folder / "dogs", f"{part}_list", {"file_list": cell(files, (len(files), 1)), "annotation_list": cell([f[:-4] for f in files], (len(files), 1)), "labels": label})


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    sets(folder)
    for packed in (True, False):
        write = lambda name, content: savemat(folder / f"{name}{'' if packed else '-plain'}.mat", content, do_compression=packed)
        write("imagelabels", {"labels": np.array([[1, 1, 1, 2, 2, 2, 102, 102]], dtype=np.uint8)})
        write("setid", {"trnid": np.array([[1, 4]], dtype=np.uint16), "valid": np.array([[2, 5]], dtype=np.uint16), "tstid": np.array([[300, 6]], dtype=np.uint16)})
        write("cars_meta", {"class_names": cell(["Auric Comet Coupe 2011", "Ram C/V Cargo 2012", "Brass Beetle SUV 1999"], (1, 3))})
        write("cars_annos", {"annotations": annotations([(1, "00001.jpg"), (2, "00002.jpg"), (3, "00003.jpg")])})
        write("cars_unlabelled", {"annotations": annotations([(1, "00001.jpg")], labelled=False)})
        names = ["n02000001-Moss_hound/n02000001_1.jpg", "n02000002-soft-coated_terrier/n02000002_7.jpg"]
        write("dogs_list", {"file_list": cell(names, (2, 1)), "annotation_list": cell([n[:-4] for n in names], (2, 1)), "labels": np.array([[1.0], [2.0]])})
        write("odd", {"empty": np.zeros((0, 0)), "rows": np.array(["abc", "xyz"]), "half": np.array([[0.5, -3.25]]), "complex": np.array([[1 + 2j]]), "wide": np.array([[2**40]]), "accent": "Café"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
