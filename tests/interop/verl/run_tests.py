"""ruff and pytest on engines/verl-tapo; prints how many tests passed, and ends with their report where one failed or was left out.

    python run_tests.py PACKAGE
"""

import contextlib
import io
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest


class Counting:
    """How tests ended."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self.ends[report.outcome] += 1


def main() -> None:
    package = Path(sys.argv[1])
    for what in (["check"], ["format", "--check"]):
        ruff = subprocess.run([sys.executable, "-m", "ruff", *what, str(package)], capture_output=True, text=True)
        if ruff.returncode != 0:
            sys.exit(f"ruff {what[0]}:\n{ruff.stdout}{ruff.stderr}")
    counting = Counting()
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        pytest.main(["-q", "-x", "-p", "no:cacheprovider", str(package / "tests")], plugins=[counting])
    if set(counting.ends) != {"passed"}:
        sys.exit(report.getvalue()[-6000:])
    print("RESULT " + json.dumps({"passed": counting.ends["passed"]}))


main()
