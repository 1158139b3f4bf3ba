"""Drivers without the seconds that it takes to import PyTorch: processes forked from one that has imported it and done nothing.

As `warm` does for Snakemake. Each test process has one such server, for what its warm Snakemakes run; what a test starts itself,
and each job on SLURM, is a Python of its own. What is forked has the program, arguments, folder, environment and streams that it
would have. Nothing of Verso is imported before, and nothing that reads the environment when it is imported (the hub's libraries).

    python warm_drivers.py serve FOLDER      the server; it ends when its standard input is closed
    python -I -S warm_drivers.py FOLDER PYTHON driver.py    what Snakemake starts in the place of `PYTHON driver.py`
"""

import os
import socket
import sys

SOCKET = "socket"
MOST = 1 << 18  # bytes of a request
# PyTorch, and what else drivers spend tenths of seconds on
IMPORTED = (
    "torch", "snakemake.iocontainers", "snakemake.logging", "snakemake.script", "pydantic", "safetensors.torch",
    "scipy.stats", "sklearn.feature_extraction.text", "sklearn.linear_model", "jinja2", "altair", "tqdm",
)  # fmt: skip


def ask(folder: str, python: str, arguments: list[str]) -> int:
    """Have a driver run; its exit code. With more threads than one it is run by `python`: libraries have read their number."""
    import json
    from array import array

    if os.environ.get("OMP_NUM_THREADS") != "1":
        os.execv(python, [python, *arguments])
    request = json.dumps({"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}).encode()  # noqa: PTH109
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST)
        server.connect(os.path.join(folder, SOCKET))  # noqa: PTH118
        server.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [0, 1, 2]))])
        return int(server.recv(64) or b"1")


def serve(folder: str) -> None:
    """Import, and fork for each request until standard input is closed. Returns in a process that is to be a driver."""
    import contextlib
    import gc
    import importlib
    import json
    import runpy
    import select
    import signal

    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(os.path.join(folder, SOCKET))  # noqa: PTH118
    listening.listen(64)  # who asks from now on waits
    print("listening", flush=True)
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # what is imported is no garbage: a fork that looked would copy its memory
    while True:
        if 0 in select.select([0, listening], [], [])[0]:
            os._exit(0)
        asking, _ = listening.accept()
        if os.fork() == 0:
            break
        asking.close()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    listening.close()
    message, streams, _, _ = socket.recv_fds(asking, MOST, 3)
    driver = os.fork()
    if driver:
        wait(driver, asking)
    asking.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    request = json.loads(message)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]
    of_user = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [os.path.dirname(sys.argv[0]), *of_user]  # noqa: PTH120
    runpy.run_path(sys.argv[0], run_name="__main__")


def wait(driver: int, asking: socket.socket) -> None:
    """Wait for the driver's end and say its exit code, as a shell would; end it when nobody waits for that any more."""
    import select
    import signal

    process = os.pidfd_open(driver)
    if asking in select.select([process, asking], [], [])[0]:
        os.kill(driver, signal.SIGTERM)
    code = os.waitstatus_to_exitcode(os.waitpid(driver, 0)[1])
    try:
        asking.send(str(code if code >= 0 else 128 - code).encode())
    finally:
        os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        del sys.path[0]  # the folder of the tests, which a driver would not have
        serve(sys.argv[2])
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2], sys.argv[3:]))
