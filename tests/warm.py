"""Snakemake without the second that it takes to import it: processes forked from one that has imported it and done nothing else.

A test process has one such server, from its first use on. What is forked is Snakemake's own program from its first line, with the
arguments, folder, environment and session that it would have of its own; nothing of Verso is imported before.

The server is given requests and two file descriptors with each, for the output and the exit code, over a socket; it ends with the
test process, which holds the other side.
"""

import array
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PROGRAM = str(Path(__file__).with_name("warm_drivers.py"))
HERE = sys.platform == "linux"  # elsewhere a fork of what has imported numpy is no good idea
# Snakemake, and what it and the Snakefile import on the way
IMPORTED = (
    "snakemake.cli", "snakemake.assets", "snakemake.benchmark", "snakemake.report", "snakemake.script",
    "snakemake.storage", "docutils.parsers.rst",
    "nbformat", "numpy", "pydantic", "requests", "smart_open", "tqdm", "yte",
)  # fmt: skip
MOST = 1 << 20  # bytes of a request


class Server:
    """The process that forks, seen from the test process."""

    def __init__(self) -> None:
        self._socket, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for side in (self._socket, its):
            side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST)
        command = [sys.executable, str(Path(__file__)), str(its.fileno())]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, pass_fds=[its.fileno()], env=environment, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True
        )
        its.close()
        atexit.register(self.close)

    def close(self) -> None:
        """The server ends when nobody can ask it any more."""
        self._socket.close()
        self._process.wait()

    def run(self, arguments: list[str], folder: Path, environment: dict[str, str], python: str) -> tuple[int, str]:
        """The exit code and the output of Snakemake. python: what it starts its drivers with."""
        asked = {"arguments": arguments, "folder": str(folder), "environment": environment, "python": python}
        request = json.dumps(asked).encode()
        output, its_output = os.pipe()
        code, its_code = os.pipe()
        with os.fdopen(output, "rb") as said, os.fdopen(code, "rb") as ended:
            try:
                self._socket.sendmsg(
                    [request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [its_output, its_code]))]
                )
            finally:
                os.close(its_output)
                os.close(its_code)
            text = said.read().decode()
            return int(ended.read()), text


class Drivers:
    """The process that forks drivers (warm_drivers), seen from the test process."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="verso-warm-")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, PROGRAM, "serve", self._folder], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd="/", start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout
        self._process.stdout.readline()
        self.python = f"{sys.executable} -I -S {PROGRAM} {self._folder} {sys.executable}"
        atexit.register(self.close)

    def close(self) -> None:
        """What it has forked goes on to its end."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


_lock = threading.Lock()
_servers: list[tuple[Server, Drivers]] = []


def run(arguments: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """`python -m snakemake` with these arguments, in a session of its own: its exit code and its output, one stream."""
    with _lock:
        if not _servers:
            _servers.append((Server(), Drivers()))
    snakemake, drivers = _servers[0]
    return snakemake.run(arguments, folder, environment, drivers.python)


# --- the server ---


def serve(asked: socket.socket) -> dict[str, object]:
    """Fork for each request. Returns in a process that is to be Snakemake, with what it was asked."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(asked, MOST, 2)
        if not message:
            os._exit(0)
        output, code = descriptors
        if os.fork() == 0:
            asked.close()
            snakemake = os.fork()
            if snakemake == 0:
                os.close(code)
                become(output)
                return json.loads(message)
            os.close(output)
            os.write(code, str(os.waitstatus_to_exitcode(os.waitpid(snakemake, 0)[1])).encode())
            os._exit(0)
        os.close(output)
        os.close(code)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def become(output: int) -> None:
    """A process as if it had been started: leader of a session, its output one stream."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)


def start_drivers_with(python: str) -> None:
    """Have this Snakemake start its drivers with these words of a shell, in the place of its own Python."""
    from snakemake.script import PythonScript

    start = PythonScript._execute_cmd

    def warm(self: PythonScript, command: str, **given: object) -> object:
        if given.get("py_exec") == sys.executable:
            given["py_exec"] = python
        return start(self, command, **given)

    PythonScript._execute_cmd = warm


def main() -> None:
    """Import, serve, and in each fork run Snakemake to the end of its process."""
    del sys.path[0]  # the folder of the tests, which Snakemake would not have
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        for name in IMPORTED:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        gc.freeze()  # what is imported is no garbage: a fork that looked would copy its memory
        request = serve(asked)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environment"])  # type: ignore[call-overload]
    start_drivers_with(str(request["python"]))
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` has it
    sys.argv = ["snakemake", *request["arguments"]]  # type: ignore[misc]
    runpy.run_module("snakemake", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
