"""Runs cells in one kernel as JupyterLab does, interrupting some: reads a list of cells as JSON from standard input.

A cell is {"code": …} and, to be interrupted, {"interrupt": {"file": …, "lines": n}}: as soon as that file has n lines.
Writes one list of {"status", "text", "seconds"} to standard output.
"""

import glob
import json
import os
import sys
import tempfile
import time

from jupyter_client import KernelManager

LIMIT = 60


def lines_in(pattern):
    return sum(open(name).read().count("\n") for name in glob.glob(pattern))


def run(client, manager, cell):
    """Executes a cell and collects what it prints and shows until the kernel is idle again."""
    started = time.monotonic()
    message = client.execute(cell["code"])
    rule = cell.get("interrupt")
    text = []
    while time.monotonic() - started < LIMIT and manager.is_alive():
        if rule and lines_in(rule["file"]) >= rule["lines"]:
            manager.interrupt_kernel()
            rule = None
        try:
            reply = client.get_iopub_msg(timeout=0.02)
        except Exception:  # nothing said yet
            continue
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "stream":
            text.append(reply["content"]["text"])
        if reply["msg_type"] == "display_data":
            text.append(reply["content"]["data"].get("text/plain", ""))
        if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
            return {"status": status_of(client, message), "text": "".join(text), "seconds": time.monotonic() - started}
    raise SystemExit(f"the kernel died, or was not idle after {LIMIT} s:\n{''.join(text)}")


def status_of(client, message):
    while True:
        reply = client.get_shell_msg(timeout=LIMIT)
        if reply["parent_header"].get("msg_id") == message:
            return reply["content"]["status"]


def main():
    with tempfile.TemporaryDirectory(prefix="fine-r1-") as sockets:
        # not by ports, which kernels of other tests could be given too
        manager = KernelManager(kernel_name="tslab", transport="ipc", ip=os.path.join(sockets, "kernel"))
        manager.start_kernel(cwd=sys.argv[1])
        converse(manager)


def converse(manager):
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT)
        outcomes = []
        for cell in json.load(sys.stdin):
            if outcomes and outcomes[-1]["status"] == "error":
                time.sleep(1)  # just after an error tslab turns away what it is asked
            outcomes.append(run(client, manager, cell))
        print(json.dumps(outcomes))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


main()
