"""On a node: the job's one step, in place of the job's own shell.

    python step.py [flags of srun] -- command

What sbatch put into the environment is the allocation's and would be read by srun as flags: it is left out, but for what says
which job this is (as in Snakemake's slurm-jobstep executor, a whole Snakemake of two seconds that does nothing else). Runs alone:
it imports nothing of Verso.
"""

import os
import sys

FLAGS = ("-n1", "--cpu-bind=q")  # once, whatever the number of cores; and nothing said about where they are
OF_THE_JOB = {
    f"SLURM_{name}"
    for name in (
        "JOB_ID", "JOBID", "ARRAY_JOB_ID", "ARRAY_TASK_ID", "ARRAY_TASK_MIN", "ARRAY_TASK_MAX", "CLUSTER_NAME", "SUBMIT_DIR",
        "SUBMIT_HOST",
    )
}  # fmt: skip
READ_BY_SRUN = ("SLURM_", "SRUN_", "SBATCH_")


def environment_of_step(environment: dict[str, str]) -> dict[str, str]:
    """The job's environment without what srun would take for flags."""
    return {name: value for name, value in environment.items() if name in OF_THE_JOB or not name.startswith(READ_BY_SRUN)}


if __name__ == "__main__":
    end = sys.argv.index("--")
    command = ["srun", *FLAGS, *sys.argv[1:end], *sys.argv[end + 1 :]]
    os.execvpe(command[0], command, environment_of_step(dict(os.environ)))
