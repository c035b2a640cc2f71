"""Records how the benchmarks' own tools read answers and score them: choices.json and mme.json beside this file.

Their functions are run from checkouts of their repositories and not copied:

    python record.py VLMEVALKIT VLMCLASSIFIER CALCULATION.py

VLMEVALKIT     github.com/open-compass/VLMEvalKit, commit e8e78f05f3080fe28154f2130321f17951c3be94 (MMBench, SEED-Bench)
VLMCLASSIFIER  github.com/yuhui-zh15/VLMClassifier, commit d06979295059d01cf3810d30839750399f9d0a88 (ImageWikiQA)
CALCULATION    MME's eval_tool/calculation.py; the copy in github.com/zjunlp/Deco, commit fee8d757c0a98036bc4e076b4ca6615350441ea7
"""

import ast
import contextlib
import copy
import io
import json
import os
import random
import re
import string
import sys
import tempfile

OPTIONS = ["red fox", "grey wolf", "golden jackal", "dhole"]
ANSWERS = [
    "A", "b", "C.", "(D)", "D)", "A. red fox", "C: golden jackal", "The answer is B", "The answer is (C).", "the correct answer is D",
    "The correct answer is **B**. Here is why: A is too red.", "Answer: A", "Option D", "I think it is B because of its tail and ears",
    "It is a grey wolf.", "GREY WOLF", "a dhole", "It is a red fox, not a dhole.", "The picture shows a golden jackal in the steppe",
    "A red fox", "A dog", "A or B", "B. grey wolf or C. golden jackal", "Z", "None of them", "E", "F. lion", "", " ", "yes", "AB", "A,B", "A;",
    "{C}", "#D", "[B]", "*C*", "'A'", "C!", "D?", "answer is c", "The answer is E", "answer is **A", "B\n", "\nC", "C\nbecause of the legs",
    "Because of the legs, C", "A wolf is larger than a fox and so the right letter here must be B",
    "The right one, B, is told by its size and by the colour of its coat", "red fox grey wolf golden jackal dhole",
    "A fox has a bushy tail. The answer is A.", "I cannot tell.", "D.D.D", "C golden jackal", "(A) or rather (C)", "(C) or rather (A)",
    "Between A and B I choose A", "It must be the red fox since the coat is red", "Not the red fox but the golden jackal of the steppe",
    "The Dhole, I would say, of all these", "C.\n", "Letter: C", "The option C is right", "c)", "A.", ".A.", "A:B", "D - dhole",
]  # fmt: skip
SAID = [
    "yes", "no", "Yes", "No.", "YES", "yes, it is", "no, it is not", "Yes, there is a dog", "not at all", "nope", "I think yes", "It is.",
    "none", "y", "n", "", "know", "eyes", "Yes/No", "no yes", "yes no", "Not sure, yes", "The answer is yes", "nah", "yeah", "certainly",
    "\"Yes\"", "**No**", "(no)", "...no", "....no",
]  # fmt: skip


def functions(source, names, scope):
    """Runs some functions and constants of a Python file in a scope, and nothing else of it."""
    wanted = []
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in names:
            wanted.append(node)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) in names:
            wanted.append(node)
    exec(compile(ast.Module(body=wanted, type_ignores=[]), "reference", "exec"), scope)
    return scope


def vlmevalkit(root):
    with open(os.path.join(root, "vlmeval/utils/matching_util.py")) as file:
        scope = functions(
            file.read(),
            ["_VERBOSE_ANSWER_RE", "can_infer_option", "can_infer_text", "can_infer"],
            {"re": re, "os": os, "cp": copy, "string": string},
        )
    letters = "ABCD"
    read = lambda answer: scope["can_infer"](answer, dict(zip(letters, OPTIONS)))  # noqa: E731
    return {answer: read(answer) or None for answer in ANSWERS}


def imagewikiqa(root):
    with open(os.path.join(root, "imagewikiqa/eval.ipynb")) as file:
        cells = json.load(file)["cells"]
    source = "".join(cells[0]["source"]).split("\nparse_multi_choice_response(")[0]

    class Guess:
        """Says that the letter was drawn, where it would be."""

        @staticmethod
        def choice(_):
            return None

    class Largest:
        @staticmethod
        def argmax(values):
            return values.index(max(values))

    scope = functions(source, ["parse_multi_choice_response"], {"random": Guess, "np": Largest})
    letters = list("ABCD")
    return {one: scope["parse_multi_choice_response"](one, letters, dict(zip(letters, OPTIONS))) for one in ANSWERS}


def mme(source):
    class Metrics:
        @staticmethod
        def accuracy(truths, said):
            return sum(a == b for a, b in zip(truths, said)) / len(truths)

    ignore = lambda *_, **__: 0.0  # noqa: E731  precision and recall are printed and not used
    scope = functions(
        source,
        ["eval_type_dict", "calculate_metrics"],
        {
            "os": os,
            "accuracy_score": Metrics.accuracy,
            "precision_score": ignore,
            "recall_score": ignore,
            "confusion_matrix": lambda *_, **__: [(0, 0), (0, 0)],
        },
    )
    tool = scope["calculate_metrics"]()
    read = {said: tool.parse_pred_ans(said.lower()) for said in SAID}
    rng = random.Random(7)
    answers = {}
    with tempfile.TemporaryDirectory() as folder:
        for names in scope["eval_type_dict"].values():
            for name in names:
                pictures = rng.randint(2, 9)
                answers[name] = [
                    [f"{place}.jpg", truth, rng.choice(SAID) if rng.random() < 0.3 else rng.choice([truth, truth, "Yes", "No"])]
                    for place in range(pictures)
                    for truth in ("Yes", "No")
                ]
                with open(os.path.join(folder, name + ".txt"), "w") as file:
                    file.writelines(f"{picture}\tIs it?\t{truth}\t{said}\n" for picture, truth, said in answers[name])
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            tool.process_result(folder)
    lines = printed.getvalue().split("\n")
    totals = [float(line.split(":")[1]) for line in lines if line.startswith("total score")]
    subtasks = {line.split()[0]: float(line.split(":")[1]) for line in lines if " score:" in line and not line.startswith("total")}
    return read, {"answers": answers, "perception": totals[0], "cognition": totals[1], "subtasks": subtasks}


def main():
    kit, classifier, calculation = sys.argv[1:4]
    with open(calculation) as file:
        said, scored = mme(file.read())
    here = os.path.dirname(os.path.abspath(__file__))
    choices = {"options": OPTIONS, "letter": vlmevalkit(kit), "lastLetter": imagewikiqa(classifier), "yesNo": said}
    for name, value in (("choices", choices), ("mme", scored)):
        with open(os.path.join(here, name + ".json"), "w") as file:
            json.dump(value, file, indent=1, ensure_ascii=False)
            file.write("\n")


if __name__ == "__main__":
    main()
