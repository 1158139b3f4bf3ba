"""Promise 2, as a table: an edit of a finished project, and what it makes out of date."""

import os
import shutil
import time

EVALUATED = ["evaluate_recurrent_lm", "measure_samples"]
SEEDED = ["train_recurrent_lm", *EVALUATED, "measure_recurrent_lm"]
ENDS = ["compare_language_modelling", "draw_language_modelling", "report"]


def runs(rules, models, seeds=("1",)):
    return [f"{rule} songs {model} {seed}" for rule in rules for model in models for seed in seeds]


BOTH = ["lstm-char", "gru-word"]
LIBRARY = "workflow/scripts/verso"


def comment(project):
    project.edit(f"{LIBRARY}/training/loop.py", "import math\n", "import math  # for isfinite\n")


def docstring(project):
    project.edit(f"{LIBRARY}/training/loop.py", '"""', '"""A word more. ')


def comment_in_a_driver(project):
    project.edit("workflow/scripts/train_recurrent_lm.py", "from verso.jobs.job", "# a comment\nfrom verso.jobs.job")


def function_of_training(project):
    project.edit(f"{LIBRARY}/training/schedules.py", "\n    def ", "\n    reason = 'changed'\n\n    def ")


def function_of_scoring(project):
    project.edit(
        f"{LIBRARY}/language_modelling/recurrent_lm/scoring.py",
        "    model, words = load_trained",
        "    changed = 1\n    model, words = load_trained",
    )


def function_of_samples(project):
    project.edit(f"{LIBRARY}/language_modelling/style.py", "    return [line for", "    changed = 1\n    return [line for")


def learning_rate_of_the_lstm(project):
    project.change_config(lambda config: config["models"]["lstm-char"].update(learning_rate=0.001))


def learning_rate_of_the_gru(project):
    project.change_config(lambda config: config["models"]["gru-word"].update(learning_rate=0.001))


def added_seed(project):
    project.change_config(lambda config: config["experiments"]["lyrics"].update(seeds=[1, 2]))


def added_model(project):
    def change(config):
        config["models"]["rnn-char"] = {**config["models"]["lstm-char"], "cell": "rnn"}
        config["experiments"]["lyrics"]["models"].append("rnn-char")

    project.change_config(change)


def model_that_nobody_names(project):
    project.change_config(lambda config: config["models"].update({"spare": config["models"]["gru-word"]}))


def memory(project):
    project.change_config(
        lambda config: config["models"]["lstm-char"]["needs"].update(mem_mb=1234, cpus=2, runtime=7, checkpoint_seconds=9)
    )


def estimate_of_needs(project):
    project.edit(f"{LIBRARY}/machine/speeds.py", "CUDA_CONTEXT_MB = 600", "CUDA_CONTEXT_MB = 700")


def way_a_job_is_run(project):
    for module in ("machine/card_leases", "jobs/causes", "jobs/job", "jobs/run_lease"):
        path = project.path(f"{LIBRARY}/{module}.py")
        path.write_text(path.read_text(encoding="utf-8") + "\n\nCHANGED = 1\n", encoding="utf-8")


def touched_input(project):
    time.sleep(0.01)
    os.utime(project.path("songs.jsonl"))


def touched_result(project):
    os.utime(project.path("results/corpora/songs/train.jsonl"))


def changed_input_line(project):
    project.edit("songs.jsonl", '"lyrics": "', '"lyrics": "One word more ')


def template(project):
    first = sorted(project.path("workflow/report/templates").rglob("*.j2"))[0]
    first.write_text(first.read_text(encoding="utf-8") + "\n", encoding="utf-8")


def caption(project):
    project.edit("workflow/report/captions/language_modelling/comparisons.rst", " ", "  ")


def title_of_the_report(project):
    project.change_config(lambda config: config.update(title="Another", language="es"))


def temperature(project):
    project.change_config(lambda config: config["corpora"]["songs"]["sampling"].update(decoding={"temperature": 0.5}))


def state_of_the_scores(project):
    project.change_config(lambda config: config["corpora"]["songs"].update(scoring={"state": "reset"}))


def rare_words(project):
    project.change_config(lambda config: config["corpora"]["songs"].update(minimum_count={"word": 3}))


def lost_model(project):
    shutil.rmtree(project.path("results/runs/songs/gru-word/seed-1/model"))


def copied_data_file(project):
    shutil.copy(project.path("songs.jsonl"), project.path("a copy.jsonl"))
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(path="a copy.jsonl"))


def renamed_data_file(project):
    project.path("songs.jsonl").rename(project.path("all_songs.jsonl"))
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(path="all_songs.jsonl"))


def limit_that_sets_nothing_aside(project):
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(maximum_characters=90000))


def typo_in_a_column_that_is_mended(project):
    """In between everything fails that can, and a second start says so again."""
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(fields={"text": "lyrcs"}))
    documents = project.path("results/corpora/songs/documents.jsonl")
    before = documents.read_bytes()
    code, output = project.run()
    assert code != 0, output
    assert documents.read_bytes() == before, "a failed reading leaves what was acquired before"
    assert "acquire_corpus songs" in project.plan(), "a corpus that could not be read passes for read"
    project.change_config(lambda config: config["corpora"]["songs"]["source"].update(fields={"text": "lyrics"}))


def corpus_made_anew():
    return [
        "acquire_corpus songs",
        "prepare_corpus songs",
        "build_vocabulary songs char",
        "build_vocabulary songs word",
        "export_songs songs",
    ]


OUTDATED = {
    comment: [],
    docstring: [],
    comment_in_a_driver: [],
    function_of_training: runs(SEEDED, BOTH) + ENDS,
    function_of_scoring: runs(EVALUATED, BOTH) + ENDS,
    function_of_samples: runs(["measure_samples"], BOTH) + ENDS,
    learning_rate_of_the_lstm: runs(SEEDED, ["lstm-char"]) + ENDS,
    learning_rate_of_the_gru: runs(SEEDED, ["gru-word"]) + ENDS,
    added_seed: runs(SEEDED, BOTH, ["2"]) + ENDS,
    added_model: runs(SEEDED, ["rnn-char"]) + ENDS,
    model_that_nobody_names: [],
    memory: [],
    estimate_of_needs: [],
    way_a_job_is_run: [],
    touched_input: [],
    touched_result: [],
    changed_input_line: corpus_made_anew() + runs(SEEDED, BOTH) + ENDS,
    template: ["report"],
    caption: [],
    title_of_the_report: ["report"],
    temperature: runs(EVALUATED, BOTH) + ENDS,
    state_of_the_scores: runs(EVALUATED, BOTH) + ENDS,
    rare_words: ["build_vocabulary songs word", "export_songs songs", *runs(SEEDED, ["gru-word"]), *ENDS],
    lost_model: runs(SEEDED, ["gru-word"]) + ENDS,
}

# What a dry run cannot know: each of these reads the corpus again, and its parts come out the same
READ = ["acquire_corpus", "prepare_corpus"]
NAMED = [*READ, "export_songs", "report"]  # read the statistics, which name the file
READ_AGAIN = {
    copied_data_file: NAMED,
    renamed_data_file: NAMED,
    limit_that_sets_nothing_aside: READ,
    typo_in_a_column_that_is_mended: READ,
}
