"""The harness itself: what the other SLURM tests rely on."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from needed import need_slurm
from slurm.cluster import Cluster
from slurm.configuration import NODES


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="verso-slurm-", dir="/tmp"))  # pytest's own folders are too long for sockets
    yield path
    shutil.rmtree(path)


@pytest.fixture
def cluster(cluster: Cluster) -> Iterator[Cluster]:
    yield cluster
    cluster.run("scancel", f"--user={cluster.user}")  # a test that failed must not fail those after it


def listening(cluster: Cluster) -> set[str]:
    family = [psutil.Process(daemon.pid) for daemon in cluster.daemons.values()]
    family += [child for parent in family for child in parent.children(recursive=True)]
    return {socket.laddr.ip for process in family for socket in process.net_connections() if socket.status == psutil.CONN_LISTEN}


def test_a_long_path_is_refused():
    with pytest.raises(ValueError, match="too long"):
        Cluster(Path("/tmp") / ("x" * 80))


def test_all_nodes_are_idle_and_listen_on_loopback_only(cluster):
    assert cluster.node_states() == dict.fromkeys(NODES, "idle")
    addresses = listening(cluster)
    assert addresses
    assert all(address.startswith("127.") for address in addresses)


def test_a_job_runs_on_each_node_and_step_commands_need_no_slurm_conf(cluster):
    script = "env -u SLURM_CONF srun printenv SLURMD_NODENAME"
    jobs = [(node, cluster.submit(script, "--partition=CPU,GPU", f"--constraint={feature}")) for node, feature in features()]
    for node, job in jobs:
        assert cluster.wait(job)["JobState"] == "COMPLETED", cluster.output(job)
        assert cluster.output(job).split() == [node]
    for partition in ("TITAN", "A100"):
        assert cluster.wait(cluster.submit("true", f"--partition={partition}"))["JobState"] == "COMPLETED"


def features() -> list[tuple[str, str]]:
    return [(node, text.rpartition("=")[2].split(",")[0]) for node, text in NODES.items()]


def test_a_share_of_a_card_is_one_visible_card(cluster):
    job = cluster.submit("echo $CUDA_VISIBLE_DEVICES", "--partition=TITAN", "--gres=shard:2", "--comment=rule_x wildcards=y z")
    assert cluster.wait(job)["JobState"] == "COMPLETED"
    assert cluster.output(job).split() in (["0"], ["1"])
    seen = next(found for found in cluster.jobs() if found["id"] == str(job))
    assert (seen["state"], seen["comment"], seen["node"]) == ("COMPLETED", "rule_x wildcards=y z", "gpu01")
    assert (seen["partition"], seen["exit_code"]) == ("TITAN", "0:0")


def test_shares_that_fill_a_card_take_one_card_each_and_the_third_waits(cluster):
    jobs = [cluster.submit("echo $CUDA_VISIBLE_DEVICES; sleep 60", "--partition=TITAN", "--gres=shard:4") for _ in range(3)]
    for job in jobs[:2]:
        cluster.wait(job, "RUNNING")
        cluster.until(lambda job=job: cluster.output(job).strip(), "output")
    assert {cluster.output(job).strip() for job in jobs[:2]} == {"0", "1"}
    time.sleep(2)
    assert cluster.job(jobs[2])["JobState"] == "PENDING"
    assert cluster.job(jobs[2])["Reason"] in ("Resources", "Priority")
    assert all(cluster.processes_of(job) for job in jobs[:2])
    for job in jobs:
        cluster.cancel(job)
    cluster.until(lambda: not any(cluster.processes_of(job) for job in jobs), "processes gone")


def test_a_job_beyond_its_memory_is_killed_and_called_failed(cluster):
    script = """python3 -c 'import time; x = b"x" * 400_000_000; time.sleep(60)'"""
    for prefix in ("", "srun "):
        job = cluster.submit(prefix + script, "--mem=100")
        assert cluster.wait(job)["JobState"] in ("FAILED", "OUT_OF_MEMORY")
        assert "exceeded memory limit" in cluster.output(job)


def test_requeue_is_refused_for_a_job_submitted_with_no_requeue_and_the_job_runs_on(cluster):
    job = cluster.submit("sleep 60", "--no-requeue")
    cluster.wait(job, "RUNNING")
    with pytest.raises(RuntimeError, match="Requested operation is presently disabled"):
        cluster.requeue(job)
    assert (cluster.job(job)["JobState"], cluster.job(job)["Restarts"]) == ("RUNNING", "0")
    cluster.cancel(job)
    assert cluster.wait(job)["JobState"] == "CANCELLED"


def test_a_requeued_job_keeps_its_number_and_waits(cluster):
    job = cluster.submit("sleep 60")
    cluster.wait(job, "RUNNING")
    cluster.requeue(job)
    assert (cluster.wait(job, "PENDING")["Reason"], cluster.job(job)["Restarts"]) == ("BeginTime", "1")
    cluster.cancel(job)


def test_a_drained_node_takes_no_job_until_it_is_resumed(cluster):
    cluster.drain_node("gpu02", "tests")
    job = cluster.submit("true", "--partition=A100")
    time.sleep(1.5)
    assert cluster.job(job)["JobState"] == "PENDING"
    cluster.resume_node("gpu02")
    assert cluster.wait(job)["JobState"] == "COMPLETED"


def test_jobs_outlive_a_restart_of_the_controller(cluster):
    job = cluster.submit("sleep 2")
    cluster.wait(job, "RUNNING")
    cluster.restart_controller(0.5)
    assert cluster.wait(job)["JobState"] == "COMPLETED"
    cluster.until(lambda: set(cluster.node_states().values()) == {"idle"}, "nodes idle")


def test_a_node_that_is_declared_down_fails_its_job_at_once(cluster):
    job = cluster.submit("sleep 60", "--partition=A100", "--no-requeue")
    cluster.wait(job, "RUNNING")
    cluster.fail_node("gpu02")
    assert cluster.wait(job, seconds=5)["JobState"] == "NODE_FAIL"
    cluster.until(lambda: cluster.node_states()["gpu02"] == "idle", "gpu02")


def test_the_jobs_of_dead_nodes_are_seen_as_node_fail_and_only_a_crash_ends_their_processes(cluster):
    killed = cluster.submit("sleep 120", "--partition=A100", "--no-requeue")
    crashed = cluster.submit("sleep 120 & setsid sleep 121", "--partition=CPU", "--no-requeue")
    for job in (killed, crashed):
        cluster.wait(job, "RUNNING")
        cluster.until(lambda job=job: len(cluster.processes_of(job)) >= 2, "the shell and what it started")
    before = cluster.processes_of(killed)
    cluster.kill_node("gpu02")
    cluster.crash_node("cpu01")
    cluster.until(lambda: not cluster.processes_of(crashed), "crash", 3)
    for job in (killed, crashed):
        assert cluster.wait(job, seconds=60)["JobState"] == "NODE_FAIL"
        assert "NODE_FAIL" in {found["state"] for found in cluster.jobs() if found["id"] == str(job)}
    assert cluster.processes_of(killed) == before  # the job of a node that lost only its daemon goes on
    for node in ("gpu02", "cpu01"):
        cluster.start_node(node)
    cluster.until(lambda: not cluster.processes_of(killed), "the node's return ends it")


def test_with_accounting_sacct_knows_the_job_and_stop_leaves_no_process(folder):
    need_slurm(accounting=True)
    with Cluster(folder, accounting=True) as cluster:
        job = cluster.submit("exit 3", "--comment=why")
        cluster.wait(job)
        query = ("sacct", "-n", "-X", "-P", "-j", job, "--format=State,ExitCode,Comment,Account")
        cluster.until(lambda: "FAILED|3:0|why|verso" in cluster.run(*query), "sacct")
        addresses = listening(cluster)
        assert all(address.startswith("127.") for address in addresses)
        cluster.stop_database()
        with pytest.raises(RuntimeError, match="Connection refused"):
            cluster.run(*query)
        cluster.start_database()
        cluster.until(lambda: cluster.run(*query), "sacct again")
        left = cluster.submit("trap '' TERM; setsid sleep 300 & sleep 300")
        cluster.until(lambda: len(cluster.processes_of(left)) >= 3, "running")
    of_ours = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        texts = [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(folder) in text for text in texts):
            of_ours.append(process)
    assert not of_ours
