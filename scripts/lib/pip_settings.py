"""Prints pip's settings from all its files and variables, as JSON pairs of section.key and value.

`pip config list` itself obeys settings, `user` for one, so that these are set aside while it is asked.
"""

import ast
import json
import os
import re
import subprocess
import sys

aside = {f"PIP_{name}": "0" for name in ("USER", "GLOBAL", "SITE", "QUIET", "VERBOSE")}
command = [sys.executable, "-m", "pip", "config", "list"]
listed = subprocess.run(command, env={**os.environ, **aside}, capture_output=True, text=True)
found = re.findall(r"^([^\s=]+\.[^\s=]+)=(['\"].*)$", listed.stdout, re.MULTILINE)
print(json.dumps([[key, ast.literal_eval(value)] for key, value in found]))
