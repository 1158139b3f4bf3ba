"""A real SLURM on one machine, for tests and trials: a controller, two GPU nodes with fake cards, a CPU node; on loopback only.

Everything it writes lies in one folder; nothing is needed under /etc. Its daemons run as the calling user. Debian's packages are
installed where they are missing, if that is allowed (slurm.packages). `make slurm-lab` opens a shell in which it can be used.
"""

import contextlib
import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from slurm.configuration import (
    ACCOUNTING_CONF,
    ACCOUNTS_SQL,
    GRES_CONF,
    MARIADB_CONF,
    NODES,
    PARTITIONS,
    SLURM_CONF,
    SLURMDBD_CONF,
)
from slurm.packages import PROGRAMS, install, unavailable

CLIENTS = "salloc sattach sbatch sbcast scancel scontrol sdiag sinfo sprio squeue srun sstat strigger"
CLIENTS_ACCOUNTING = "sacct sacctmgr sreport sshare"
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "BOOT_FAIL", "DEADLINE"}
FOLDERS = ("etc", "bin", "state", "run", "log", "database")
FIELDS = {"id": "JobId", "name": "JobName", "comment": "Comment", "state": "JobState", "reason": "Reason", "node": "NodeList"}
FIELDS |= {"partition": "Partition", "exit_code": "ExitCode", "restarts": "Restarts", "submitted": "SubmitTime"}


def _processes() -> dict[int, tuple[int, str, str]]:
    """Of every process that is no zombie: its parent, command line and environment, as far as they may be read."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                texts = [(entry / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
                if state not in "ZX":
                    found[int(entry.name)] = (int(parent), texts[0].replace("\0", " "), "\0" + texts[1])
    return found


def _with_descendants(pids: Iterable[int], processes: dict[int, tuple[int, str, str]]) -> set[int]:
    family = set(pids)
    while more := {pid for pid, (parent, _, _) in processes.items() if parent in family} - family:
        family |= more
    return family


class Cluster:
    """A SLURM with the nodes gpu01 (two cards), gpu02 (one) and cpu01; a context manager."""

    def __init__(
        self, folder: Path, accounting: bool = False, base_port: int | None = None, cpus: int = 4, node_timeout: int = 10
    ):
        self.folder, self.accounting, self.cpus, self.node_timeout = folder.resolve(), accounting, cpus, node_timeout
        if len(str(self.folder)) > 60:  # a socket's path has at most 107 characters, and SLURM's own names follow
            raise ValueError(f"{self.folder} is too long a path for sockets; take tempfile.mkdtemp(dir='/tmp')")
        if reason := unavailable(accounting):
            raise RuntimeError(reason)
        self.host, self.user = socket.gethostname().split(".")[0], getpass.getuser()
        self.address = socket.gethostbyname(socket.gethostname())
        self.port = base_port or self._free_ports()
        self.conf = self.folder / "etc" / "slurm.conf"
        self.daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _free_ports(self) -> int:
        for _ in range(200):
            base = 20000 + 10 * secrets.randbelow(1200)  # below the ports that the kernel hands out itself
            with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
                for port in range(base, base + 10):
                    stack.enter_context(socket.socket()).bind((self.address, port))
                return base
        raise RuntimeError("no ten free ports in a row")

    def _write(self) -> None:
        for name in (*FOLDERS, "dev/gpu01", "dev/gpu02", *(f"spool/{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("gpu01/nvidia0", "gpu01/nvidia1", "gpu02/nvidia0"):
            (self.folder / "dev" / name).unlink(missing_ok=True)
            (self.folder / "dev" / name).symlink_to("/dev/null")  # SLURM accepts only a character device as a card
        values = {
            "name": f"verso{self.port}",
            "folder": self.folder,
            "host": self.host,
            "address": self.address,
            "user": self.user,
        }
        values |= {
            "auth": "munge" if self.accounting else "none",
            "node_timeout": self.node_timeout,
            "password": secrets.token_hex(16),
        }
        values |= {"auth_info": f"socket={self.folder}/run/munge.sock," if self.accounting else "", "port": self.port}
        values |= {"slurmd_port": self.port + 1, "database_port": self.port + 2, "mariadb_port": self.port + 3}
        total = int(re.findall(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[0]) // 1024
        memory = total // 2  # in MB, for each node: jobs hardly use what they ask for
        lines = [SLURM_CONF, ACCOUNTING_CONF if self.accounting else "AccountingStorageType=accounting_storage/none\n"]
        common = "NodeHostname={host} NodeAddr={address} State=UNKNOWN" + f" CPUs={self.cpus} RealMemory={memory}"
        lines += [f"NodeName={node} Port={self.port + 4 + i} {common} {what}\n" for i, (node, what) in enumerate(NODES.items())]
        limits = "DefaultTime=60 MaxTime=7-0 DefMemPerCPU=500 State=UP"
        lines += [f"PartitionName={name} Nodes={nodes} {limits}\n" for name, nodes in PARTITIONS.items()]
        files = {"slurm.conf": "".join(lines), "gres.conf": GRES_CONF, "cgroup.conf": "CgroupPlugin=cgroup/v1\n"}
        if self.accounting:
            files |= {"slurmdbd.conf": SLURMDBD_CONF, "mariadb.conf": MARIADB_CONF}
            files["accounts.sql"] = ACCOUNTS_SQL
        for name, text in files.items():
            path = self.folder / "etc" / name
            path.touch(mode=0o600)
            path.chmod(0o600 if self.accounting and name != "slurm.conf" else 0o644)
            path.write_text(text.format(**values))
        # Snakemake's job step strips SLURM_CONF. Without a database sacct has no wrapper: the real one is met, and fails
        for name in f"{CLIENTS} {CLIENTS_ACCOUNTING if self.accounting else ''}".split():
            if real := shutil.which(name, path=PROGRAMS):
                (self.folder / "bin" / name).write_text(f'#!/bin/sh\nSLURM_CONF={self.conf} exec {real} "$@"\n')
                (self.folder / "bin" / name).chmod(0o755)

    def environment(self) -> dict[str, str]:
        """The caller's environment, with this cluster's commands first on PATH, and nothing of another SLURM."""
        others = ("SLURM", "SBATCH_", "SRUN_", "SQUEUE_", "SALLOC_", "SACCT_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
        return kept | {"PATH": f"{self.folder}/bin:{os.environ.get('PATH', PROGRAMS)}", "SLURM_CONF": str(self.conf)}

    def run(self, *command: object, check: bool = True) -> str:
        """What a command prints in this cluster's environment."""
        done = subprocess.run([str(part) for part in command], env=self.environment(), capture_output=True, text=True, timeout=60)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def until(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Wait for a condition; raise with the ends of the logs after `seconds`, or when a daemon has ended by itself."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(RuntimeError):
                if condition():
                    return
            if dead := [name for name, daemon in self.daemons.items() if daemon.poll() is not None]:
                what += f" ({', '.join(dead)} ended by itself)"
                break
            time.sleep(0.05)
        logs = "".join(
            f"\n{log.name}:\n{log.read_text(errors='replace')[-700:]}" for log in sorted(self.folder.glob("log/*.log"))
        )
        raise TimeoutError(f"{what}: not within {seconds:g} s{logs}")

    def _launch(self, name: str, *command: object) -> None:
        program = shutil.which(str(command[0]), path=PROGRAMS)
        with (self.folder / "log" / f"{name}.output").open("ab") as output:
            self.daemons[name] = subprocess.Popen(
                [str(program), *map(str, command[1:])],
                env=self.environment() | {"PATH": PROGRAMS},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _end(self, name: str, number: int = signal.SIGTERM) -> None:
        daemon = self.daemons.pop(name, None)
        if daemon is not None and daemon.poll() is None:
            daemon.send_signal(number)
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def start(self) -> None:
        """Start everything and wait until all nodes are idle."""
        install(self.accounting)
        try:
            self._write()
            if self.accounting:
                self._start_accounting()
            self.start_controller()
            for node in NODES:
                self._start_node(node)
            self.until(lambda: self.node_states() == dict.fromkeys(NODES, "idle"), "nodes idle")
        except BaseException:
            self.stop()
            raise

    def _start_accounting(self) -> None:
        run, etc = self.folder / "run", self.folder / "etc"
        key = run / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))
        files = {
            "socket": "munge.sock",
            "key-file": key.name,
            "pid-file": "munged.pid",
            "seed-file": "munge.seed",
            "log-file": "munged.log",
        }
        self._launch("munged", "munged", "-F", "--force", *(f"--{option}={run / name}" for option, name in files.items()))
        if not (self.folder / "database" / "mysql").exists():
            options = ("--skip-test-db", "--auth-root-authentication-method=socket", f"--auth-root-socket-user={self.user}")
            self.run("mariadb-install-db", f"--defaults-file={etc}/mariadb.conf", *options)
        self._launch("mariadb", "mariadbd", f"--defaults-file={etc}/mariadb.conf", f"--init-file={etc}/accounts.sql")
        self.until(lambda: self._answers(self.port + 3), "MariaDB")
        self.start_database()
        self.run("sacctmgr", "-i", "add", "cluster", f"verso{self.port}")
        self.run("sacctmgr", "-i", "add", "account", "verso")
        self.run("sacctmgr", "-i", "add", "user", self.user, "account=verso")
        self.run("sacctmgr", "-i", "modify", "user", self.user, "set", "defaultaccount=verso")

    def _answers(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.address, port)) == 0

    def start_controller(self) -> None:
        """Start slurmctld, with the state it had before, and wait until it answers."""
        self._launch("slurmctld", "slurmctld", "-D", "-f", self.conf)
        self.until(lambda: "is UP" in self.run("scontrol", "ping"), "slurmctld")

    def stop_controller(self) -> None:
        """Stop slurmctld; jobs go on."""
        self._end("slurmctld")

    def restart_controller(self, seconds_down: float = 0) -> None:
        """Stop slurmctld, and start it again after so many seconds."""
        self.stop_controller()
        time.sleep(seconds_down)
        self.start_controller()

    def start_database(self) -> None:
        """Start slurmdbd and wait until it answers."""
        self._launch("slurmdbd", "slurmdbd", "-D")
        self.until(lambda: self._answers(self.port + 2) and self.run("sacctmgr", "-n", "list", "cluster") is not None, "slurmdbd")

    def stop_database(self) -> None:
        """Stop slurmdbd, not MariaDB: sacct fails, and the controller keeps its records until it is back."""
        self._end("slurmdbd")

    def stop(self) -> None:
        """Cancel all jobs, kill what is left of them soon after, and end every daemon."""
        if "slurmctld" in self.daemons:
            with contextlib.suppress(RuntimeError, TimeoutError, subprocess.TimeoutExpired):
                self.run("scancel", f"--user={self.user}")
                self.until(lambda: not self._of(), "jobs ended", 3)
        self._kill(self._of())  # first: a step daemon without its controller would keep slurmd waiting
        for name in reversed(list(self.daemons)):
            self._end(name)
        self._kill_all()

    def clean(self) -> None:
        """Cancel all jobs, start the nodes that are down, and wait until all are idle: what a test left is not the next one's."""
        self.run("scancel", f"--user={self.user}")
        for node, state in self.node_states().items():
            if node not in self.daemons:
                self.start_node(node)
            elif "drain" in state:
                self.resume_node(node)
        self.until(lambda: self.node_states() == dict.fromkeys(NODES, "idle"), "nodes idle again", 60)

    def _of(self, mark: str | None = None) -> set[int]:
        """Step daemons and job processes of this cluster, or of a node or job of it, with everything that they started."""
        processes = _processes()
        seeds = set()
        for pid, (_, command, environment) in processes.items():
            # what slurmd starts has VERSO_NODE from `_start_node`, and what a job starts has SLURM's own variables
            if f"\0SLURM_CONF={self.conf}\0" in environment and re.search(r"\0(VERSO_NODE|SLURMD_NODENAME)=", environment):
                texts = (environment, re.sub(r"^slurmstepd: \[(\d+)\..*", "\\0SLURM_JOB_ID=\\1\\0", command))
                if mark is None or any(f"\0{mark}\0" in text for text in texts):
                    seeds.add(pid)
        return _with_descendants(seeds, processes) - {daemon.pid for daemon in self.daemons.values()}

    def _kill(self, pids: Iterable[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _kill_all(self, *marks: str) -> None:
        end = time.monotonic() + 5
        while (
            left := set().union(*map(self._of, marks or (None,)))
        ) and time.monotonic() < end:  # again, for what was just forking
            self._kill(left)
            time.sleep(0.02)

    def _start_node(self, name: str) -> None:
        self._launch(name, "env", f"VERSO_NODE={name}", shutil.which("slurmd", path=PROGRAMS), "-D", "-N", name, "-f", self.conf)

    def kill_node(self, name: str) -> None:
        """Kill slurmd: nothing of the node answers any more, but its jobs go on."""
        self._end(name, signal.SIGKILL)

    def crash_node(self, name: str) -> None:
        """Kill slurmd and everything on its node, as a power failure does."""
        self._end(name, signal.SIGKILL)
        self._kill_all(f"VERSO_NODE={name}", f"SLURMD_NODENAME={name}")

    def start_node(self, name: str) -> None:
        """Start a node that was killed, and wait until the controller has it back."""
        index = list(NODES).index(name)
        self._start_node(name)
        self.until(lambda: self._answers(self.port + 4 + index), name)
        self.until(lambda: not re.search(r"down|\*|unknown", self.node_states()[name]), name)

    def fail_node(self, name: str, reason: str = "test") -> None:
        """Declare a node down: its jobs are NODE_FAIL at once (15 to 20 s after `kill_node`). A live node soon returns."""
        self.run("scontrol", "update", f"NodeName={name}", "State=DOWN", f"Reason={reason}")

    def drain_node(self, name: str, reason: str = "test") -> None:
        """Let a node take no new jobs."""
        self.run("scontrol", "update", f"NodeName={name}", "State=DRAIN", f"Reason={reason}")

    def resume_node(self, name: str) -> None:
        """Let a drained node take jobs again."""
        self.run("scontrol", "update", f"NodeName={name}", "State=RESUME")

    def node_states(self) -> dict[str, str]:
        """The nodes' states as sinfo prints them; an asterisk is added to those that do not answer."""
        return dict(line.split() for line in self.run("sinfo", "-h", "-N", "-o", "%N %T").splitlines())

    def submit(self, script: str, *options: object) -> int:
        """Submit a shell script with options of sbatch; what it prints is in `output`. The job's number."""
        output = f"--output={self.folder}/log/job-%j"
        return int(self.run("sbatch", "--parsable", output, *options, "--wrap", script).split(";")[0])

    def output(self, job_id: int) -> str:
        """What a job of `submit` has printed so far."""
        path = self.folder / "log" / f"job-{job_id}"
        return path.read_text(errors="replace") if path.exists() else ""

    def cancel(self, job_id: int) -> None:
        """Cancel a job, as its user would."""
        self.run("scancel", job_id)

    def requeue(self, job_id: int) -> None:
        """Put a job back into the queue, as an administrator may; it raises where SLURM refuses."""
        self.run("scontrol", "requeue", job_id)

    def job(self, job_id: int) -> dict[str, str]:
        """Everything that `scontrol show job` says of a job, by SLURM's names."""
        return self._parse(self.run("scontrol", "show", "job", "-o", job_id).strip())

    def jobs(self) -> list[dict[str, str]]:
        """All jobs that the controller remembers, ended ones too, with the fields that matter by simple names."""
        found = [self._parse(line) for line in self.run("scontrol", "show", "job", "-o").splitlines() if "JobId=" in line]
        return [{name: job.get(key, "").strip() for name, key in FIELDS.items()} for job in found]

    @staticmethod
    def _parse(line: str) -> dict[str, str]:
        return dict(re.findall(r"(?:^| )([A-Z][\w:/]*)=(.*?)(?= [A-Z][\w:/]*=| *$)", line))

    def wait(self, job_id: int, *states: str, seconds: float = 30) -> dict[str, str]:
        """Wait until a job is in one of these states (without any: until it has ended), and return what `job` says."""
        self.until(
            lambda: self.job(job_id)["JobState"] in (states or ENDED), f"job {job_id} {' or '.join(states) or 'ended'}", seconds
        )
        return self.job(job_id)

    def processes_of(self, job_id: int) -> list[int]:
        """The processes of a job, without SLURM's own step daemons."""
        found, processes = self._of(f"SLURM_JOB_ID={job_id}"), _processes()
        return sorted(pid for pid in found if pid in processes and not processes[pid][1].startswith("slurmstepd"))
