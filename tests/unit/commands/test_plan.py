"""What a plan says of a dry run. Real dry runs are read in tests/workflow/test_tools.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.commands.dry_run import parse, why
from verso.commands.plan import plan
from verso.commands.terminal import COLUMNS, duration, printable, table
from verso.errors import VersoError

RESOURCES = (
    "tmpdir=/tmp, mem_mb=1500, mem=1.5 GB, disk_mb=<TBD>, slurm_partition=GPU, slurm_extra=--signal=TERM@60, runtime=15, "
    "vram_mb=9000, cards=2, gpu=2, gpu_model=titan, constraint=big, expected_seconds=5400"
)
TRAINING = """\
[Sun Nov 22 17:54:29 2026]
rule train_recurrent_lm:
    input: train.jsonl
    output: weights
    jobid: {number}
    reason: Missing output files: weights; Input files updated by another job: train.jsonl
    wildcards: corpus=songs, model={model}, seed={seed}
    threads: 4
    resources: {resources}
"""
GROUPED = """\
[Sun Nov 22 17:54:29 2026] Group job corpus (jobs in lexicogr. order):

    [Sun Nov 22 17:54:29 2026]
    rule build_vocabulary:
        output: vocabulary
        reason: Updated input files: a
        resources: tmpdir=/tmp
    [Sun Nov 22 17:54:29 2026]
    rule prepare_corpus:
        output: train
        reason: Updated input files: a
        resources: tmpdir=/tmp
"""
TARGET = """\
[Sun Nov 22 17:54:29 2026]
rule all:
    input: weights
    jobid: 0
    reason: Input files updated by another job: weights
    resources: tmpdir=/tmp
"""


def dry_run(*jobs, **counts):
    rows = "".join(f"{rule:<20}{count:>5}\n" for rule, count in [*counts.items(), ("total", sum(counts.values()))])
    stats = f"Job stats:\njob                  count\n-------------------  -------\n{rows}\n"
    return "Building DAG of jobs...\n" + stats + "\n" + "".join(jobs) + stats + "This was a dry-run (flag -n).\n"


def training(model="lstm-char", seed=1, resources=RESOURCES):
    return TRAINING.format(number=seed, model=model, seed=seed, resources=resources)


def test_a_training_is_priced_by_its_cards_threads_and_time():
    page = plan(parse(dry_run(training(), TARGET, train_recurrent_lm=1, all=1)))
    row = next(line for line in page.splitlines() if line.startswith("songs"))
    assert row.split("  ")[0] == "songs"
    assert "missing" in row
    assert "GPU gpu:titan:2 big" in row
    assert "1 h 30 min" in row
    assert row.endswith("3.00")
    assert "3.00 GPU-hours, 6.00 CPU-hours" in page
    assert "2 jobs, 1 training among them; 1 submission on a cluster." in page


def test_trainings_are_sorted_by_run_and_seeds_as_numbers():
    jobs = [training("b", 10), training("b", 9), training("a", 11)]
    page = plan(parse(dry_run(*jobs, train_recurrent_lm=3)))
    rows = [line.split()[1:3] for line in page.splitlines() if line.startswith("songs")]
    assert rows == [["a", "11"], ["b", "9"], ["b", "10"]]


def test_without_cards_and_an_expectation_nothing_is_made_up():
    page = plan(parse(dry_run(training(resources="tmpdir=/tmp, mem_mb=<TBD>, gpu=1"), train_recurrent_lm=1)))
    assert "GPU-hours" not in page
    assert "No time is expected of 1 training." in page


def test_scoring_and_sampling_of_a_pretrained_model_are_in_the_price():
    of_use = RESOURCES.replace("expected_seconds=5400", "expected_seconds=900")
    uses = [training("mistral", 1, of_use).replace("train_recurrent_lm", f"{work}_causal_llm") for work in ("score", "sample")]
    page = plan(parse(dry_run(training(), *uses, train_recurrent_lm=1, score_causal_llm=1, sample_causal_llm=1)))
    assert "Expected of the trainings: 3.00 GPU-hours, 6.00 CPU-hours." in page
    assert "Expected of scoring, sampling and predicting by pretrained models: 1.00 GPU-hours, 2.00 CPU-hours." in page
    assert "In all: 4.00 GPU-hours, 8.00 CPU-hours." in page
    page = plan(parse(dry_run(*uses, score_causal_llm=1, sample_causal_llm=1)))
    assert "Expected of scoring, sampling and predicting by pretrained models: 1.00 GPU-hours, 2.00 CPU-hours." in page
    assert "In all" not in page
    assert "Expected of the trainings" not in page


def test_times_on_a_text_that_nobody_has_counted_are_said_to_be_guesses():
    """A study of ten thousand reviews looked like minutes."""
    preparing = TRAINING.format(number=2, model="m", seed=1, resources="tmpdir=/tmp").replace(
        "train_recurrent_lm", "prepare_labelled"
    )
    page = plan(parse(dry_run(training(), preparing, train_recurrent_lm=1, prepare_labelled=1)))
    assert "Not prepared yet: songs. What is expected there is for its text as last counted" in page
    assert "Not prepared yet" not in plan(parse(dry_run(training(), train_recurrent_lm=1)))


def row_of(page, model):
    return [line for line in page.splitlines() if line.split()[1:2] == [model]]


def test_a_run_of_which_nothing_is_trained_has_lines_of_what_it_does():
    asking = training("zero-shot").replace("train_recurrent_lm", "answer_prompts")
    page = plan(parse(dry_run(asking, training(), answer_prompts=1, train_recurrent_lm=1)))
    (row,) = row_of(page, "zero-shot")
    assert row.split()[3:9] == ["predicting", "missing", "4", "1,500", "15", "9,000"]
    assert row.endswith("3.00")
    assert "other jobs" not in page
    assert "2 jobs, 1 training among them" in page
    uses = [training("base").replace("train_recurrent_lm", f"{work}_causal_llm") for work in ("score", "sample")]
    page = plan(parse(dry_run(*uses, score_causal_llm=1, sample_causal_llm=1)))
    assert [row.split()[3] for row in row_of(page, "base")] == ["scoring", "sampling"]


def test_what_a_trained_model_is_used_for_is_priced_a_rule():
    telling = training("mdeberta").replace("train_recurrent_lm", "predict_encoder")
    tuning = training("mdeberta").replace("train_recurrent_lm", "train_encoder")
    own_texts = training("mdeberta").replace("train_recurrent_lm", "predict_encoder_and_own_texts")
    counts = {"train_encoder": 1, "predict_encoder": 1, "predict_encoder_and_own_texts": 1, "all": 1}
    page = plan(parse(dry_run(tuning, telling, own_texts, TARGET, **counts)))
    assert [row.split()[3] for row in row_of(page, "mdeberta")] == ["training"]
    rules = {line.split()[0]: line.split() for line in page.splitlines() if line}
    for rule in ("predict_encoder", "predict_encoder_and_own_texts"):
        assert rules[rule][1:] == ["1", "1", "h", "30", "min", "3.00", "1", "missing"], "its cost is nowhere but in the sum"
    assert rules["all"][1:] == ["1", "1", "input", "made", "anew"]


def test_what_fetches_runs_on_the_login_node_and_is_no_submission():
    fetching = TRAINING.format(number=2, model="m", seed=1, resources="tmpdir=/tmp").replace(
        "train_recurrent_lm", "scrape_genius"
    )
    page = plan(parse(dry_run(training(), fetching, train_recurrent_lm=1, scrape_genius=1)))
    assert "2 jobs, 1 training among them; 1 submission on a cluster." in page


def test_a_group_is_one_submission():
    jobs = parse(dry_run(GROUPED, training(), TARGET, prepare_corpus=1, build_vocabulary=1, train_recurrent_lm=1, all=1))
    assert [job.group for job in jobs] == [1, 1, 0, 0]
    assert "2 submissions on a cluster, 1 group of 2 jobs among them" in plan(jobs)


def test_nothing_to_do_is_said_plainly():
    assert plan(parse("Building DAG of jobs...\nNothing to be done (all requested files are present).\n")).startswith(
        "Nothing to do"
    )


@pytest.mark.parametrize(
    ("output", "named"),
    [
        (dry_run(training(), train_recurrent_lm=2), "train_recurrent_lm 2"),
        (dry_run(training(), TARGET, train_recurrent_lm=1), "all 0"),
        ("Building DAG of jobs...\n", "total 0"),
        (dry_run(training().replace("reason:", "because:"), train_recurrent_lm=1), "rule train_recurrent_lm"),
    ],
)
def test_output_that_is_not_understood_is_never_taken_for_a_plan(output, named):
    with pytest.raises(VersoError, match=named):
        parse(output)


PARAMETERS = "Params have changed since last execution: Union of exclusive params before and now across all output: "


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Updated input files: a; Input files updated by another job: b", "input changed, input made anew"),
        (PARAMETERS + "before: '97bd322f5240d52f' now: '436190f085a1d0ba' ", "code changed"),
        (PARAMETERS + "before: {'hidden': 16} now: {'hidden': 17} ", "settings changed"),
        (PARAMETERS + "before: '97bd322f5240d52f' now: {},'436190f085a1d0ba' ", "code changed, settings changed"),
        ("Forced execution", "forced"),
        ("Something that a later Snakemake says", "Something that a later Snakemake says"),
    ],
)
def test_reasons_in_short_words(reason, words):
    assert why(reason) == words


WORDS = st.text(max_size=200)


@given(st.lists(st.one_of(st.lists(WORDS, min_size=4, max_size=4), st.lists(WORDS, min_size=2, max_size=3)), max_size=5))
def test_a_table_keeps_to_its_width_and_one_line_a_row(rows):
    lines = table(["corpus", "model", "state", "why"], rows)
    assert len(lines) == 1 + len(rows)
    assert all(len(line) <= COLUMNS and line.isprintable() for line in lines)


def test_numbers_stand_under_each_other():
    assert table(["n", "word"], [["9", "a"], ["1,000", "b"]]) == ["    n  word", "    9  a", "1,000  b"]


def test_no_control_character_reaches_the_terminal():
    assert printable("a\x1b[2Jb\u202ec\n") == "a [2Jb c "


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (59.6, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (7500, "2 h 5 min"),
        (100800, "1 d 4 h"),
        (float("nan"), "?"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


WORKER = """\
[Sun Nov 22 17:54:29 2026]
rule try_classifier:
    input: train.jsonl
    output: results/runs/reviews/textcnn/search/worker-{worker}.json
    jobid: {worker}
    reason: Missing output files: worker-{worker}.json
    wildcards: corpus=reviews, model=textcnn, worker={worker}
    threads: 4
    resources: tmpdir=/tmp, mem_mb=1600, runtime=75, vram_mb=9000, cards={cards}, workers=2, trials=20{times}
"""
TIMES = ", expected_seconds=1800, bound_seconds=5400"


def searching(cards=1, times=TIMES):
    return [WORKER.format(worker=worker, cards=cards, times=times) for worker in (1, 2)]


def test_a_search_has_a_line_with_its_trials_workers_and_what_they_take_at_most():
    page = plan(parse(dry_run(*searching(), training(), try_classifier=2, train_recurrent_lm=1)))
    header, row = page.splitlines()[:2]
    assert header.startswith("search of  on       trials  workers  why")
    assert row.split() == [
        "textcnn",
        "reviews",
        "20",
        "2",
        "missing",
        "4",
        "1,600",
        "75",
        "9,000",
        "1",
        *["30", "min", "0", "s", "1.00", "1", "h", "30", "min", "3.00"],
    ]
    assert "try_classifier" not in page
    assert "Expected of the searches: 1.00 GPU-hours, 4.00 CPU-hours; at most 3.00 GPU-hours, 12.00 CPU-hours." in page
    assert "In all: 4.00 GPU-hours, 10.00 CPU-hours." in page
    assert "pretrained" not in page


def test_of_a_search_without_times_nothing_is_made_up():
    page = plan(parse(dry_run(*searching(0, ""), try_classifier=2)))
    assert page.splitlines()[1].split()[-4:] == ["?", "?", "?", "?"]
    assert "Expected of the searches" not in page
