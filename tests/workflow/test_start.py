"""What a user meets: faults before work, plans, targets, and a report at the end."""

import csv
import json
import re
import shutil
import subprocess
import sys

import pytest
from project import ROOT, songs_of

from verso.commands.dry_run import parse
from verso.commands.screen import SCREEN, WHOLE
from verso.config.load import targets


def without_traceback(output):
    return "Traceback" not in output and "Error in file" not in output


def test_a_faulty_config_stops_at_once_with_all_its_faults(project):
    def change(config):
        config["models"]["lstm-char"]["hiden"] = 3
        config["experiments"]["lyrics"]["models"].append("gru-wrod")

    project.change_config(change)
    code, output = project.run("--dry-run")
    assert code != 0
    assert without_traceback(output)
    assert "test.yaml has 2 faults:" in output
    assert re.search(r'models\.lstm-char\.hiden +unknown key; did you mean "hidden"\?', output)
    assert re.search(r'experiments\.lyrics\.models\[2\] +"gru-wrod" is no model; did you mean "gru-word"\?', output)


def test_missing_text_stops_a_real_run_before_it_starts_but_not_a_plan(project):
    project.path("songs.jsonl").unlink()
    assert project.plan()
    code, output = project.run()
    assert code != 0
    assert without_traceback(output)
    assert "corpora.songs.source.path  songs.jsonl does not exist" in output
    assert not project.path("results").exists()


def test_a_value_on_the_command_line_changes_the_config_that_lies_there(project):
    """Without --configfile that is config/config.yaml; a config given as a file replaces it."""
    project.path("config").mkdir(exist_ok=True)
    project.path("test.yaml").rename(project.path("config/config.yaml"))
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", "--config", "results=results-x"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "results-x/report.html" in done.stdout + done.stderr


def test_an_environment_whose_path_snakemake_would_not_quote_stops_at_once_with_what_to_do(project):
    """Every job would end with "/usr/bin/bash: .../my: No such file or directory" and no log."""
    environment = project.path("my project")
    environment.symlink_to(sys.prefix)
    command = [environment / "bin" / "python", "-m", "snakemake", "--dry-run", "--configfile", "test.yaml"]
    done = subprocess.run(command, cwd=project.folder, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"{environment}/bin/python: holds a space" in done.stderr
    assert "make setup VENV=" in done.stderr
    assert without_traceback(done.stderr)


@pytest.mark.parametrize("layout", ['{"layout": 0}', None, "{broken"])
def test_a_results_folder_of_an_older_version_is_refused_not_misread(finished, layout):
    file = finished.path("results/.layout.json")
    file.unlink() if layout is None else file.write_text(layout)
    code, output = finished.run("--dry-run")
    assert code != 0
    assert without_traceback(output)
    assert "made by another version of Verso" in output or "results/.layout.json: line 1 is not valid JSON" in output


def test_a_run_that_fails_says_why_and_the_others_go_on(project):
    project.change_config(lambda config: config["models"]["lstm-char"].update(learning_rate=3e37, clip=1e30))
    code, output = project.run()
    assert code != 0
    assert "lstm-char" in output
    assert "training diverged in epoch" in output, "the reason is not on the screen"
    assert "learning_rate" in output, "the error does not say what to try"
    assert project.path("results/runs/songs/gru-word/seed-1/scores.csv").exists()


def test_all_songs_of_one_artist_are_enough(project):
    songs = [song for song in songs_of(project) if song["artist"] == "Mara Quill"]
    project.path("songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    project.make("results/corpora/songs/train.jsonl")


def test_too_few_songs_are_refused_with_what_is_needed(project):
    project.path("songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs_of(project)[:2]))
    code, output = project.run("results/corpora/songs/train.jsonl")
    assert code != 0
    assert "Traceback" not in output
    assert "fewer documents than the split needs" in output


def files_outside_results(project):
    ours = {project.path("results"), project.path(".snakemake")}
    return {
        path for path in project.folder.parent.rglob("*") if not ours & {path, *path.parents} and "__pycache__" not in path.parts
    }


def as_csv(project, songs):
    with project.path("songs.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["artist", "title", "lyrics"])
        writer.writeheader()
        writer.writerows(songs)
    return "songs.csv"


def as_json(project, songs):
    project.path("songs.json").write_text(json.dumps(songs), encoding="utf-8")
    return "songs.json"


def as_folder(project, songs):
    for number, song in enumerate(songs):
        file = project.path("folder") / song["artist"] / f"{number} {{remix}} 'é'.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(song["lyrics"], encoding="utf-8")
    (file.parent / "gone.txt").symlink_to("nowhere.txt")
    return "folder"


@pytest.mark.parametrize("written", [as_csv, as_json, as_folder])
def test_songs_come_in_other_formats_too(project, written):
    path = written(project, songs_of(project))
    project.change_config(lambda config: config["corpora"]["songs"].update(source={"path": path}))
    project.make("results/corpora/songs/train.jsonl")
    parts = [
        project.path(f"results/corpora/songs/{part}.jsonl").read_text().splitlines() for part in ("train", "validation", "test")
    ]
    assert sum(map(len, parts)) == 24  # 8 of each of three artists
    assert project.plan("results/corpora/songs/train.jsonl") == []


def test_an_artist_with_a_dangerous_name_stays_in_the_results_folder(project):
    songs = songs_of(project)
    names = {"Mara Quill": "../../etc", "Deacon Volt": 'AC/DC "quoted" 🎸', "Lucero Amargo": "<script>alert(1)</script>"}
    for song in songs:
        song["artist"] = names[song["artist"]]
    project.path("songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    before = files_outside_results(project)
    project.make()
    assert files_outside_results(project) == before
    page = project.path("results/report.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_experiments_target_makes_its_runs_and_no_report(project):
    plan = project.plan("lyrics")
    assert "train_recurrent_lm songs lstm-char 1" in plan
    assert "report" not in plan


def test_start_and_end_say_where_the_report_is(finished):
    finished.path("results/report.html").unlink()
    output = finished.make()
    assert "Verso: lyrics: 2 runs in all. Results go to results/, the report is results/report.html" in output
    assert "The report is results/report.html: open it in a browser." in output
    assert "lstm-char" in finished.path("results/report.html").read_text(encoding="utf-8")


def test_every_job_logs_is_benchmarked_and_knows_its_needs(project):
    output = project.make("--dry-run")
    blocks = dict(re.findall(r"^rule (\w+):$(.*?)(?=^\[|\Z)", output, re.MULTILINE | re.DOTALL))
    blocks.pop("all")
    for block in blocks.values():
        assert "    log: results/logs/" in block, block
        assert "    benchmark: results/benchmarks/" in block, block
        for resource in ("mem_mb=", "runtime=", "vram_mb=", "cards="):
            assert resource in block, block


def test_no_experiment_may_be_called_like_a_rule(project):
    """The names that a config refuses are those of all rules, read from the rule files and the registry."""
    shutil.copytree(ROOT / "resources", project.path("resources"))
    listed = project.make("--list-rules", "--quiet", "host", "--configfile", "config/demo.yaml").splitlines()
    names = {line for line in listed if re.fullmatch(r"[a-z_]+", line)}
    assert {"train_recurrent_lm", "predict_encoder_and_own_texts", "compare_classification_so_far", "report"} <= names
    assert names == targets(project.path("workflow/rules")) | {"articles", "lyrics", "mistral", "reviews"}


def test_the_slurm_profile_plans_with_a_card_for_training_and_none_for_the_rest(project, monkeypatch):
    monkeypatch.setenv(SCREEN, WHOLE)  # or a long line of resources is cut, mem_mb being now before the cut and now behind it
    needs = {"cpus": 3, "gpus": 1, "vram_mb": 2000, "mem_mb": 3000, "runtime": 90}
    project.change_config(lambda config: config["models"]["lstm-char"].update(needs=needs))
    output = project.make(
        "--dry-run", "--profile", "profiles/slurm", "--cores", "24"
    )  # without --cores a dry run shows one thread
    blocks = [
        block for block in re.split(r"^\[", output, flags=re.MULTILINE) if "wildcards: corpus=songs, model=lstm-char" in block
    ]
    training = next(block for block in blocks if "rule train_recurrent_lm" in block)
    for wanted in ("mem_mb=3000", "runtime=90", "vram_mb=2000", "gpu=1", "slurm_partition=lab-sb"):
        assert wanted in training
    assert "threads: 3" in training
    assert not any("gpu=" in block or "gres=" in block for block in blocks if block is not training)


def test_the_full_config_plans_on_slurm(project):
    shutil.copytree(ROOT / "resources", project.path("resources"))
    output = project.make("--dry-run", "--profile", "profiles/slurm", "--configfile", "config/config.yaml")
    assert re.search(r"^train_recurrent_lm +18$", output, re.MULTILINE)
    tuning = next(block for block in re.split(r"^\[", output, flags=re.MULTILINE) if "rule train_causal_llm" in block)
    assert "gpu=1" in tuning
    vram_mb = re.search(r"vram_mb=(\d+)", tuning)
    assert vram_mb
    assert 8000 < int(vram_mb[1]) < 12288, "7 billion weights in 4 bits, before anything is fetched"


@pytest.mark.parametrize(
    ("config", "cards"),
    [
        ("reviews", {"train_classifier": 1, "train_encoder": 2, "predict_encoder_and_own_texts": 1}),
        ("steam", {"train_encoder": 1, "predict_encoder_and_own_texts": 1, "answer_prompts": 1}),
    ],
)
def test_the_studies_of_reviews_fit_the_cards_of_lab_sb(project, config, cards):
    shutil.copytree(ROOT / "resources", project.path("resources"))
    output = project.make("--dry-run", "--quiet", "host", "--profile", "profiles/slurm", "--configfile", f"config/{config}.yaml")
    jobs = parse(output)
    assert {job.rule: job.cards for job in jobs if job.cards} == cards
    assert {job.rule: job.number("gpu") for job in jobs if job.number("gpu")} == cards
    assert all(job.number("nodes") == (1 if job.cards > 1 else None) for job in jobs)
    assert all(500 < (job.number("vram_mb") or 0) < 24_000 for job in jobs if job.cards)
    assert all(job.resources["slurm_partition"] == "lab-sb" for job in jobs if "mem_mb" in job.resources)
    assert "vram_pool_mb" not in output, "a pool would throttle what SLURM itself shares out"


def test_a_config_file_on_the_command_line_replaces_the_default_one(project):
    assert all("lyrics" not in line for line in project.plan())


def test_snakemakes_own_report_holds_tables_figures_and_page(finished):
    finished.make("--report", "snakemake-report.html")
    page = finished.path("snakemake-report.html").read_text(encoding="utf-8")
    for name in ("Tables", "Figures", "language models", "bits per byte"):
        assert name in page


@pytest.mark.parametrize(
    "name", ["language_models.csv", "comparisons.csv", "samples.csv", "hardware.csv", "language_models.tex", "comparisons.tex"]
)
def test_a_finished_study_has_its_tables(finished_once, name):
    assert finished_once.path(f"results/tables/{name}").stat().st_size > 0


def test_the_reports_files_are_exported(finished_once):
    folder = finished_once.path("results/corpora/songs")
    names = "train_lyrics_alpaca.json test_lyrics_alpaca.json train_lyrics.txt test_lyrics.txt vocab_char.json vocab_word.json"
    assert [name for name in [*names.split(), "dataset_info.json"] if not (folder / name).exists()] == []
    assert json.loads((folder / "test_lyrics_alpaca.json").read_text())[0].keys() == {"instruction", "input", "output"}
    assert (folder / "train_lyrics.txt").read_text().startswith("<|song_start|>\n")
