"""What is in a config and its data, and where a run would stop, found by the code of a run and without one."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from verso.commands import trial
from verso.commands.check import main
from verso.commands.status import read_config
from verso.corpora.acquired import acquire_and_attest, documents_of
from verso.corpora.labelled.prepare import prepare_labelled
from verso.graph.inputs import Inputs
from verso.graph.needs import Requests
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.graph.source_inputs import SourceInputs
from verso.text.vocabulary import build

MODELS = {"gru": {"family": "recurrent_classifier", "cell": "gru"}, "majority": {"family": "majority"}}
OTHER = "the room was near a beach and we had soup there with bread while it rained on the old town all day long"
LABELS = ["bad", "fair", "good"]


def review(number):
    words = OTHER.split()
    return " ".join(words[(number * step) % len(words)] for step in range(1, 9)) + f" in the year {number}"


def write_reviews(path, rows=60, more=(), labels=LABELS):
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerows([["Review", "Stars", "Town"], *([review(n), labels[n % len(labels)], "X"] for n in range(rows)), *more])


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Write a config with these corpora, models and more, and check it; gives back the exit code and what was said."""
    monkeypatch.chdir(tmp_path)

    def checked(corpus=None, models=MODELS, corpora=None, **others):
        fields = {"text": "Review", "label": "Stars"}
        own = {"kind": "labelled", "source": {"path": "reviews.csv", "fields": fields}, **(corpus or {})}
        corpora = {"reviews": own} if corpora is None else corpora
        experiments = {f"on-{name}": {"corpus": name, "models": [*models], "seeds": [1, 2]} for name in corpora}
        Path("my.yaml").write_text(yaml.safe_dump({"corpora": corpora, "models": models, "experiments": experiments, **others}))
        code = main(["--config", "my.yaml"])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, page=said.out, faults=said.err, text=said.out + said.err)

    return checked


def test_columns_are_named_as_a_run_reads_them(check, tmp_path):
    rows = [(review(n), LABELS[n % 3]) for n in range(60)]
    with (tmp_path / "r.txt").open("w", newline="") as stream:
        csv.writer(stream, delimiter="\t").writerows(
            [("", "text", "label", "x" * 100), *((n, *row, 1) for n, row in enumerate(rows))]
        )
    found = check({"source": {"path": "r.txt", "format": "csv"}})
    assert f"columns: text, label; not read: one without a name, {'x' * 40}\n" in found.text
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text, _ in rows))
    (tmp_path / "labels.txt").write_text("".join(f"{label}\n" for _, label in rows))
    found = check({"source": {"path": {"text": "texts.txt", "label": "labels.txt"}}})
    assert found.code == 0, found.text
    assert "columns" not in found.page


def test_what_preparing_says_names_the_place_of_a_run(check, tmp_path):
    write_reviews(tmp_path / "train.csv")
    write_reviews(tmp_path / "test.csv", rows=0, more=[[review(60), "bad", "X"], [review(61), "fair", "X"]])
    found = check(
        {"source": {"path": {"train": "train.csv", "test": "test.csv"}, "fields": {"text": "Review", "label": "Stars"}}}
    )
    assert "results/corpora/reviews/documents.jsonl: labels that are not in every part" in found.page


def test_columns_labels_lengths_duplicates_and_losses_are_shown_and_nothing_is_left_behind(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv", more=[[review(3), "bad", "X"], ["", "good", "X"], [review(7), "", "X"]])
    found = check()
    assert found.code == 0, found.text
    for part in (
        "corpus reviews, labelled, from reviews.csv",
        "columns: Review (text), Stars (label); not read: Town",
        "set aside, no text: 1 (good: 1); the first is reviews.csv line 63",
        "set aside, no label: 1; the first is reviews.csv line 64",
        "duplicates: 1 text again as they are, set aside",
        "12 words",
    ):
        assert part in found.page.replace("words of a text: 12", "12 words"), part
    bars = [line.split() for line in found.page.splitlines() if "█" in line]
    assert [(name, count, share) for name, count, share, _ in bars] == [
        ("bad", "20", "33%"),
        ("fair", "20", "33%"),
        ("good", "20", "33%"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my.yaml", "reviews.csv"]


def test_models_request_what_the_plan_requests_once_the_corpus_is_prepared(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv", rows=90)
    page = check().page
    runs = Runs(read_config("my.yaml"), Paths("results"))
    sources, wildcards = SourceInputs(runs), SimpleNamespace(corpus="reviews")
    folder = tmp_path / "results/corpora/reviews"
    acquire_and_attest(sources.reading(wildcards), sources.path(wildcards), folder / "acquired.json")
    outputs = {name: folder / f"{name}.jsonl" for name in ("train", "validation", "test", "set_aside")}
    outputs |= {name: folder / f"{name}.json" for name in ("statistics", "labels")}
    prepare_labelled(**documents_of(folder / "acquired.json"), settings=sources.preparation(wildcards), outputs=outputs)
    build(outputs["train"], "token", 2, folder / "vocab_token.json")
    planned = Requests(runs, Inputs(runs), None, is_main=True, say=print).of_training_now("reviews", "gru", 1)
    row = next(line.split() for line in page.splitlines() if line.startswith("gru "))
    assert row[:5] == ["gru", "reviews", "2", "training", "1"]
    assert row[5:9] == [f"{planned[key]:,}" for key in ("mem_mb", "runtime", "vram_mb", "cards")]
    assert row[9:] == [str(planned["expected_seconds"]), "s"]


@pytest.mark.parametrize(
    ("corpus", "models", "said"),
    [
        ({"source": {"path": "reviews.csv", "fields": {"text": "Text", "label": "Stars"}}}, MODELS, "no column Text"),
        ({"source": {"path": "nowhere.csv"}}, MODELS, "nowhere.csv does not exist"),
        ({"labels": ["bad", "fair", "superb"]}, MODELS, "no text is labelled superb"),
        ({"own_texts": [{"text": "Fine.", "label": "grand"}]}, MODELS, "own_texts[0].label is grand; there are: bad, fair, good"),
        ({}, {"gru": {**MODELS["gru"], "head": "corn"}}, '"gru" has head: corn, which is for labels on a scale'),
        (
            {},
            {"gru": {**MODELS["gru"], "search": {"space": {"head": ["softmax", "corn"]}}}},
            '"gru" has head: corn, which is for labels on a scale',
        ),
        ({"minimum_count": {"token": 500}}, MODELS, "no token occurs 500 times"),
    ],
)
def test_what_would_stop_a_run_is_named_and_ends_with_1(check, tmp_path, corpus, models, said):
    write_reviews(tmp_path / "reviews.csv")
    found = check(corpus, models)
    assert found.code == 1
    assert "A run would stop:" in found.faults
    assert said in found.faults
    assert "Traceback" not in found.text
    assert "verso-check" not in found.faults, "a folder that is gone by now"


SPACE = {
    "filters": {"from": 10, "to": 50, "step": 10},
    "embedding": {"from": 8, "to": 16},
    "learning_rate": {"from": 1e-4, "to": 1e-2, "log": True},
    "widths": [[2, 3], [3, 4, 5]],
    "early_stopping": [None, 3],
}


def test_a_search_is_shown_with_its_trials_its_workers_its_space_in_words_and_its_twin(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv")
    search = {"space": SPACE, "trials": 6, "epochs": 2, "by": "validation_accuracy", "workers": 3, "minutes": 30}
    cnn = {"family": "textcnn"}
    found = check(models={"cnn": cnn, "tuned": {**cnn, "search": search}})
    assert found.code == 0, found.text
    own = found.page[found.page.index("search of tuned") :].split("\n\n")[0].splitlines()
    assert own[:2] == [
        "search of tuned on reviews: 6 trials of at most 2 epochs, none begun after 30 minutes of training",
        "  the best validation_accuracy wins; sampler tpe, pruner median",
    ]
    assert own[2].startswith("  3 workers, each 1 thread, ")
    assert sorted(line.split(maxsplit=1) for line in own[3:8]) == [
        ["early_stopping", "null, 3"],
        ["embedding", "8 to 16"],
        ["filters", "10 to 50, every 10"],
        ["learning_rate", "0.0001 to 0.01, logarithmic"],
        ["widths", "[2, 3], [3, 4, 5]"],
    ]
    assert own[8:] == ["  whether it helps is tested against cnn"]
    alone = check(models={"tuned": {**cnn, "epochs": 7, "search": {"space": SPACE, "trials": 6}}}).page
    assert "search of tuned on reviews: 6 trials of at most 7 epochs\n" in alone
    assert "no model of its experiment differs by the search alone" in alone
    assert "search of" not in check().page


def test_a_vocabulary_larger_than_the_text_has_words_would_stop_a_run(check, tmp_path):
    songs = [{"artist": "Ada", "title": str(n), "lyrics": review(n)} for n in range(20)]
    (tmp_path / "songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    corpora = {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}}
    gru = {"family": "recurrent_lm", "cell": "gru"}
    models = {"words": {**gru, "unit": "word", "vocabulary": 500}, "fit": {**gru, "unit": "word", "vocabulary": 9}}
    found = check(models=models, corpora=corpora)
    assert found.code == 1
    assert "results/corpora/songs/train.jsonl: vocabulary: 500 of unit word is more than the text has: 2" in found.faults
    assert check(models={"fit": models["fit"]}, corpora=corpora).code == 0
    models = {"pairs": {**gru, "unit": "bpe", "vocabulary": 5000}}
    assert "vocabulary: 5000 of unit bpe is more than the text has" in check(models=models, corpora=corpora).faults


def test_too_much_that_is_set_aside_would_stop_a_run_and_says_of_which_label(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv", more=[["", "good", "X"]] * 9)
    found = check()
    assert found.code == 1
    assert "set_aside_limit" in found.faults
    assert "set aside, no text: 9 (good: 9); the first is reviews.csv line 62" in found.page


def test_every_corpus_is_tried_and_all_that_would_stop_is_named_at_once(check, tmp_path):
    write_reviews(tmp_path / "one.csv", labels=["only"])
    write_reviews(tmp_path / "two.csv")
    fields = {"text": "Review", "label": "Stars"}
    corpora = {
        name: {"kind": "labelled", "source": {"path": f"{name}.csv", "fields": fields}} for name in ("one", "two", "three")
    }
    found = check(corpora=corpora)
    assert found.code == 1
    assert "corpus one: " in found.faults
    assert "have one label, only" in found.faults
    assert "three.csv does not exist" in found.faults
    assert "corpus two, labelled" in found.page
    assert "corpus two: " not in found.faults


def test_a_faulty_config_is_refused_with_its_faults(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv")
    found = check(models={"gru": {**MODELS["gru"], "hiden": 3}})
    assert found.code == 1
    assert 'did you mean "hidden"?' in found.faults
    assert found.page == ""


def test_of_the_web_it_says_what_would_be_fetched_or_reads_what_was(check, tmp_path):
    corpora = {"lyrics": {"kind": "songs", "songs_per_artist": 5, "source": {"type": "genius", "artists": ["Ada", "Bo"]}}}
    models = {"lstm": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}}
    (tmp_path / ".env").write_text("GENIUS_API_TOKEN=abc\n")
    (tmp_path / ".env").chmod(0o600)
    found = check(corpora=corpora, models=models)
    assert found.code == 0, found.text
    assert "not fetched yet; make fetch would fetch from genius: artists: Ada, Bo" in found.page
    assert "songs_per_artist: 5" in found.page
    folder = tmp_path / "results/corpora/lyrics"
    folder.mkdir(parents=True)
    songs = [
        {"artist": artist, "title": f"Song {n}", "lyrics": f"{review(n)} by {artist}"}
        for artist in ("Ada", "Bo")
        for n in range(5)
    ]
    (folder / "scraped.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    found = check(corpora=corpora, models=models)
    assert found.code == 0, found.text
    assert "not fetched" not in found.page
    assert [line.split()[:2] for line in found.page.splitlines() if "█" in line] == [["Ada", "5"], ["Bo", "5"]]


WIKI = {"kind": "articles", "source": {"type": "wikipedia", "language": "es", "articles": 9}}
GENIUS = {"kind": "songs", "songs_per_artist": 5, "source": {"type": "genius", "artists": ["Ada"]}}
GPT = {"gpt": {"family": "gpt", "unit": "char"}}


@pytest.fixture
def without_tokens(monkeypatch):
    for name in ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN", "WIKIMEDIA_CONTACT", "VERSO_TOKENS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("corpus", "variable", "value", "said"),
    [
        (WIKI, "WIKIMEDIA_CONTACT", "ada@lovelace.org", ["source: contact: ...", "WIKIMEDIA_CONTACT=...", ".env"]),
        (GENIUS, "GENIUS_API_TOKEN", "abc", ["https://genius.com/api-clients", "GENIUS_API_TOKEN=...", ".env"]),
    ],
)
def test_what_fetching_needs_and_does_not_have_is_said_with_how_to_give_it(
    check, without_tokens, tmp_path, monkeypatch, corpus, variable, value, said
):
    found = check(corpora={"far": corpus}, models=GPT)
    assert found.code == 1
    assert "corpora.far.source  " in found.faults
    assert all(part in found.faults for part in said)
    (tmp_path / ".env").write_text(f"{variable}={value}\n")
    (tmp_path / ".env").chmod(0o644)
    found = check(corpora={"far": corpus}, models=GPT)
    assert found.faults.count(".env can be read by others") == 1
    (tmp_path / ".env").chmod(0o600)
    assert check(corpora={"far": corpus}, models=GPT).code == 0
    (tmp_path / ".env").unlink()
    monkeypatch.setenv(variable, value)
    assert check(corpora={"far": corpus}, models=GPT).code == 0


def test_an_example_is_no_contact_and_what_is_fetched_needs_none(check, without_tokens, tmp_path, monkeypatch):
    monkeypatch.setenv("WIKIMEDIA_CONTACT", "you@example.org")
    found = check(corpora={"far": WIKI}, models=GPT)
    assert (found.code, "WIKIMEDIA_CONTACT is 'you@example.org', an example" in found.faults) == (1, True)
    folder = tmp_path / "results/corpora/far"
    folder.mkdir(parents=True)
    rows = [{"title": f"T{n}", "text": f"{review(n)} " * 12} for n in range(9)]
    (folder / "scraped.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = check(corpora={"far": WIKI}, models=GPT)
    assert found.code == 0, found.text


def test_a_group_that_samples_are_wanted_of_must_be_among_the_artists(check, tmp_path):
    songs = [
        {"artist": artist, "title": f"Song {n}", "lyrics": f"{review(n)} by {artist}"}
        for artist in ("Ada", "Bo")
        for n in range(5)
    ]
    (tmp_path / "songs.jsonl").write_text("".join(json.dumps(song) + "\n" for song in songs))
    corpora = {
        "lyrics": {"kind": "songs", "source": {"path": "songs.jsonl"}, "sampling": {"groups": {"Adda": {"temperature": 0.5}}}}
    }
    found = check(corpora=corpora, models={"lstm": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}})
    assert found.code == 1
    assert "sampling.groups.Adda: no group of train has this name; there are: Ada, Bo" in found.faults


def test_a_terminal_is_shown_no_control_character_of_a_file(check, tmp_path):
    write_reviews(tmp_path / "reviews.csv", labels=["bad\x1b[2J", "good"])
    found = check()
    assert "\x1b" not in found.text
    assert "bad" in found.page


def test_it_reads_and_prepares_by_what_the_rules_run(monkeypatch, check, tmp_path):
    """A second reader would sooner or later say other things than a run does."""
    write_reviews(tmp_path / "reviews.csv")
    called = []
    acquire = trial.acquire
    monkeypatch.setattr(trial, "acquire", lambda *arguments: (called.append(arguments[1]), acquire(*arguments))[1])
    check()
    assert called == ["reviews.csv"]


def test_what_was_cleaned_of_articles_and_which_are_too_short_is_named(check, tmp_path):
    text = " ".join(f"w{n}" for n in range(200))
    rows = [{"title": f"T{n}", "text": f"{text} x{n} y{n} z{n}.[1]", "url": "https://x.example", "page": n} for n in range(9)]
    rows += [{"title": "Stub", "text": "Breve."}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpora = {
        "wiki": {
            "kind": "articles",
            "source": {"path": "a.jsonl", "fields": {"url": "url"}},
            "near_duplicates": {"threshold": 1.0},
        }
    }
    found = check(corpora=corpora, models={"lstm": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}})
    assert found.code == 0, found.text
    assert "columns: text, title, url; not read: page" in found.page
    assert "cleaned: 9 of 10 texts; found: spaces 0, references 9, markup 0, urls 0, special characters 0" in found.page
    assert "not taken, shorter than 500 characters once cleaned: 1" in found.page
