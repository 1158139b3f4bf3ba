"""The tools around the workflow, with a real Snakemake: `make plan` and `make status`."""

import os
import re
import subprocess
import sys


def tool(project, module, *arguments):
    environment = {**os.environ, "PYTHONPATH": "workflow/scripts", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"verso.commands.{module}", *arguments]
    return subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)


def plan(project, *arguments):
    done = tool(project, "plan", "--", "--configfile", "test.yaml", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_plan_lists_what_a_dry_run_lists_also_of_groups_and_of_a_profile(project):
    project.change_config(lambda config: config["models"]["lstm-char"].update(needs={"mem_mb": 1000, "cpus": 3}))
    for profile in ((), ("--profile", "profiles/local"), ("--profile", "profiles/slurm")):
        page = plan(project, *profile)
        rows = [line.split() for line in page.splitlines() if line.startswith("songs ")]
        assert [row[1:5] for row in rows] == [[model, "1", "training", "missing"] for model in ("gru-word", "lstm-char")]
        assert [row[5:7] for row in rows] == [["1", "1,000"], ["3", "1,000"]]  # threads that are asked, not those of a dry run
        assert "17 jobs, 2 trainings among them" in page
    groups = [
        "--groups",
        "evaluate_recurrent_lm=run",
        "measure_samples=run",
        "--group-components",
        "run=2",
    ]
    page = plan(project, "--profile", "profiles/slurm", *groups)
    assert "17 jobs, 2 trainings among them" in page
    assert re.search(r"groups? of 4 jobs among them", page)


def test_a_finished_project_has_nothing_to_do_and_a_changed_model_is_named_with_the_reason(finished):
    assert plan(finished).startswith("Nothing to do")
    finished.change_config(lambda config: config["models"]["lstm-char"].update(hidden=17))
    rows = [line for line in plan(finished).splitlines() if line.startswith("songs ")]
    assert [row.split()[1:3] for row in rows] == [["lstm-char", "1"]]
    assert "settings changed" in rows[0]
    finished.edit("workflow/scripts/verso/training/schedules.py", "\n    def ", "\n    reason = 'changed'\n\n    def ")
    assert plan(finished).count("code changed") >= 2


def test_a_profile_that_is_quiet_about_reasons_hides_nothing_from_a_plan(project):
    path = project.path("profiles/default")
    file = next(path.glob("config*.yaml"))
    file.write_text(file.read_text() + "\nquiet: [rules, reason]\n")
    assert "17 jobs" in plan(project)


def test_a_dry_run_that_fails_is_passed_on(project):
    project.change_config(lambda config: config["models"]["lstm-char"].update(hiden=1))
    done = tool(project, "plan", "--", "--configfile", "test.yaml")
    assert done.returncode == 1
    assert 'did you mean "hidden"?' in done.stderr
    assert done.stdout == ""


def test_a_status_reports_a_finished_project_and_a_wrong_config(finished):
    done = tool(finished, "status", "--config", "test.yaml")
    assert done.returncode == 0, done.stderr
    assert "2 runs: 2 done. The report stands: results/report.html" in done.stdout
    assert "\x1b" not in done.stdout
    finished.change_config(lambda config: config.update(titel="x"))
    wrong = tool(finished, "status", "--config", "test.yaml")
    assert wrong.returncode == 1
    assert "titel" in wrong.stderr
