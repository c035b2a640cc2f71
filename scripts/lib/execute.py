"""Executes a notebook: execute.py IN OUT SECONDS-A-CELL FOLDER. Its paths are read as they are, never as patterns.

0 seconds: without limit. FOLDER holds the kernel's sockets while it runs. A notebook that fails is saved as far as it
came, unless that would overwrite the one that was read.
"""

import os
import sys

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

TYPESCRIPT = {"name": "tslab", "display_name": "TypeScript", "language": "typescript"}
# jupyter_client waits for half of this before it ends a kernel whose cells have all run
SECONDS_TO_END = 20
# bytes of a socket's path that every system takes (104 on macOS), without "-5" and a zero at its end
LONGEST_ADDRESS = 100


def execute(notebook, folder, timeout, sockets):
    kernelspec = notebook.metadata.setdefault("kernelspec", dict(TYPESCRIPT))
    kernelspec.setdefault("name", TYPESCRIPT["name"])
    client = NotebookClient(
        notebook, timeout=timeout or None, kernel_name=kernelspec["name"], resources={"metadata": {"path": folder}}
    )
    manager = client.create_kernel_manager()
    manager.shutdown_wait_time = SECONDS_TO_END
    # Ports are chosen before the kernel takes them: kernels that start at the same moment can be given the same ones.
    address = os.path.join(sockets, "kernel")
    if len(os.fsencode(address)) <= LONGEST_ADDRESS:
        manager.transport = "ipc"
        manager.ip = address
    client.execute()


def main():
    source, target, timeout, sockets = sys.argv[1:]
    try:
        notebook = nbformat.read(source, as_version=4)
    except Exception as error:
        raise SystemExit(f"{source} is no notebook: {error}")
    failure = None
    try:
        execute(notebook, os.path.dirname(source), int(timeout), sockets)
    except CellTimeoutError:
        failure = f"A cell took more than {timeout} seconds; --timeout gives it more."
    except (CellExecutionError, DeadKernelError, NoSuchKernel) as error:
        failure = str(error)
    if failure is None or source != target:
        temporary = f"{target}.tmp-{os.getpid()}"
        nbformat.write(notebook, temporary)
        os.replace(temporary, target)
    if failure is not None:
        raise SystemExit(failure)


main()
