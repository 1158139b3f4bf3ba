"""Where the text of a corpus comes from, as the rules are given it: what decides is a param, how it is fetched is none."""

from pathlib import Path

import pytest
from drivers import Named
from whole_config import RAW, runs_of, sources_of

from verso.config.load import missing_sources
from verso.files import sha256_of, write_json
from verso.registry import KIND, SOURCES

ENGLISH = {"keep": ["en"]}


def of(corpus):
    return Named(corpus=corpus)


def with_corpus(name, **values):
    return lambda raw: raw["corpora"][name].update(values)


def with_source(name, **values):
    return lambda raw: raw["corpora"][name]["source"].update(values)


def test_each_corpus_is_fetched_and_split_by_the_rules_of_its_source_and_kind():
    sources = sources_of()
    by_source = {source.name: sources.of_source(source.name) for source in SOURCES}
    assert by_source == {
        "file": "songs|book|articles|reviews", "genius": "scraped", "hub": "dataset", "steam": "games", "wikipedia": "wiki",
    }  # fmt: skip
    assert sources.prepared_by("prepare_corpus") == "songs|scraped"
    assert sources.prepared_by("prepare_manual") == sources.of_kind("manual") == "book"
    assert sources.prepared_by("prepare_articles") == sources.of_kind("articles") == "articles|wiki"
    assert sources.prepared_by("prepare_labelled") == sources.of_kind("labelled") == "reviews|games|dataset"
    assert {sources.kind(of(name)) for name in ("songs", "scraped")} == {"songs"}


def test_a_rare_token_is_what_the_corpus_calls_so_and_no_byte_pair_is():
    sources = sources_of(with_corpus("songs", minimum_count={"char": 3, "word": 4}))
    found = {unit: sources.minimum_count(Named(corpus="songs", unit=unit)) for unit in ("char", "word", "word-500", "bpe-500")}
    assert found == {"char": 3, "word": 4, "word-500": 4, "bpe-500": None}
    assert sources.minimum_count(Named(corpus="reviews", unit="token")) == 2


@pytest.mark.parametrize(
    ("values", "made", "notice"),
    [
        ({"labels": [0, 1, 2]}, None, "the labels 0, 1, 2 are taken for steps of a scale"),
        ({"labels": None}, ["0", "1", "2"], "say `ordered: false`; if they are steps, `ordered: true`"),
        ({"labels": None}, None, "if its labels are three numbers or more, they are taken for steps of a scale, unless"),
        ({"labels": [0, 1, 2], "ordered": False}, None, ""),
        ({"labels": [0, 1, 2], "ordered": True}, None, ""),
        ({"labels": None}, ["bad", "good", "so"], ""),
        ({"labels": ["bad", "good"]}, None, ""),
        ({"labels": [0, 1]}, None, ""),
    ],
)
def test_labels_that_are_taken_for_a_scale_are_named_with_how_to_switch_it_off(tmp_path, monkeypatch, values, made, notice):
    monkeypatch.chdir(tmp_path)
    values = {"labels": None, "ordered": None, "own_texts": [], **values}
    if made:
        write_json(tmp_path / "results" / "corpora" / "reviews" / "labels.json", {"names": made, "ordered": True})
    notices = [line for line in sources_of(with_corpus("reviews", **values)).notices() if line.startswith("corpora.reviews: ")]
    assert len(notices) == bool(notice)
    assert notice in "".join(notices)


def test_what_is_fetched_lies_where_fetching_leaves_it():
    sources = sources_of()
    for name in ("scraped", "games", "dataset", "wiki"):
        folder = f"results/corpora/{name}"
        assert sources.path(of(name)) == f"{folder}/scraped.jsonl"
        assert sources.files(of(name)) == [f"{folder}/scraped.jsonl"], "it need not be there yet"
        assert sources.set_aside_in_fetching(of(name)) == [f"{folder}/set_aside_scraping.jsonl"]
    assert (sources.path(of("songs")), sources.set_aside_in_fetching(of("songs"))) == ("songs.jsonl", [])


def test_files_of_parts_are_inputs_and_hidden_ones_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ("d/train.csv", "d/dev.csv", "d/.test.csv", "d/other.csv", "t/train/pos/1.txt", "t/test/pos/1.txt", "t/.git/1.txt")
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x")
    files = {path: sources_of(with_source("reviews", path=path, format="auto")).files(of("reviews")) for path in ("d", "t")}
    assert files == {"d": ["d/train.csv", "d/dev.csv"], "t": ["t/test/pos/1.txt", "t/train/pos/1.txt"]}
    paths = {"train": "d/train.csv", "test": "t"}
    sources = sources_of(with_source("reviews", path=paths, format="auto"))
    assert sources.files(of("reviews")) == ["d/train.csv", "t/test/pos/1.txt", "t/train/pos/1.txt"]
    assert sources.path(of("reviews")) == sources.reading(of("reviews"))["path"] == paths


@pytest.mark.parametrize(
    ("corpus", "values"),
    [
        ("scraped", {"requests_per_second": 0.2}),
        ("scraped", {"cache": "elsewhere"}),
        ("games", {"timeout_seconds": 5}),
        ("games", {"retries": 1}),
        ("wiki", {"contact": "ana@uni.mx"}),
        ("wiki", {"requests_per_second": 0.5}),
        ("dataset", {"cache": "elsewhere"}),
        ("dataset", {"maximum_characters": 100}),
    ],
)
def test_how_a_source_is_asked_is_no_reason_to_fetch_again(corpus, values):
    assert sources_of(with_source(corpus, **values)).fetched(of(corpus)) == sources_of().fetched(of(corpus))


@pytest.mark.parametrize(
    ("corpus", "values"),
    [
        ("scraped", {"artists": ["Ada", "Bo"]}),
        ("scraped", {"refresh": "2025-11-01"}),
        ("games", {"positive": 10}),
        ("games", {"language": "spanish"}),
        ("wiki", {"language": "en"}),
        ("wiki", {"text": "html"}),
        ("wiki", {"articles": None, "titles": ["Rueda"]}),
        ("dataset", {"revision": "1" * 40}),
        ("dataset", {"splits": {"train": "all"}}),
    ],
)
def test_what_decides_which_documents_there_are_is_one(corpus, values):
    assert sources_of(with_source(corpus, **values)).fetched(of(corpus)) != sources_of().fetched(of(corpus))


def test_the_shortest_article_decides_how_many_are_looked_at():
    assert sources_of().fetched(of("wiki"))["minimum_characters"] == 500
    assert sources_of(with_corpus("wiki", minimum_characters=300)).fetched(of("wiki"))["minimum_characters"] == 300


def test_the_file_of_revisions_is_an_input_of_fetching_and_missing_where_it_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def change(raw):
        raw["corpora"]["wiki"]["source"] |= {"articles": None, "revisions": "kept.csv"}
        raw["experiments"]["read"] = {"corpus": "wiki", "models": ["lstm-char"]}

    runs = runs_of(change)
    assert sources_of(change).read_in_fetching(of("wiki")) == []
    (line,) = [line for line in missing_sources(runs.config) if line.startswith("corpora.wiki")]
    assert line.startswith("corpora.wiki.source.revisions  kept.csv does not exist (looked from ")
    Path("kept.csv").write_text("x")
    assert sources_of(change).read_in_fetching(of("wiki")) == ["kept.csv"]
    assert not [line for line in missing_sources(runs.config) if line.startswith("corpora.wiki")]
    assert sources_of().read_in_fetching(of("wiki")) == sources_of().read_in_fetching(of("games")) == []


def test_so_many_songs_of_each_artist_are_fetched():
    assert sources_of().fetched(of("scraped"))["songs_per_artist"] == 5


def test_how_a_source_on_the_web_is_fetched_is_given_in_whole_numbers_by_resources():
    manner = sources_of(with_source("games", requests_per_second=0.7, maximum_page_mb=1.5)).manner_of_fetching()
    found = {name: of_wildcards(of("games")) for name, of_wildcards in manner.items()}
    assert found == {
        "cache": "data/steam", "pause_ms": 1429, "timeout_seconds": 30, "further_attempts": 5, "maximum_page_bytes": 1_500_000,
    }  # fmt: skip
    assert manner["cache"](of("scraped")) == "data/genius"


# --- files ---


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_source_that_is_missing_has_no_files(folder):
    assert sources_of().files(of("songs")) == []
    assert sources_of().checksums_of_other_files(of("songs")) == {}


def test_every_text_of_a_folder_is_an_input_and_a_name_that_snakemake_cannot_take_is_known_by_its_checksum(folder):
    sources = sources_of(lambda raw: raw["corpora"]["songs"].update(source={"path": "texts", "format": "txt"}))
    for name in ("Ada/one.txt", "Bo/two.TXT", "Bo/{remix}.txt", "Bo/notes.md"):
        (folder / "texts" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "texts" / name).write_text(name)
    assert sources.files(of("songs")) == ["texts/Ada/one.txt", "texts/Bo/two.TXT"]
    remix = folder / "texts/Bo/{remix}.txt"
    assert sources.checksums_of_other_files(of("songs")) == {"'texts/Bo/{remix}.txt'": sha256_of(remix)}
    remix.write_text("changed")
    assert sources.checksums_of_other_files(of("songs")) == {"'texts/Bo/{remix}.txt'": sha256_of(remix)}


def test_of_given_splits_the_files_that_are_named_are_inputs(folder):
    splits = {"train": "train.csv", "test": "held_out.csv"}
    sources = sources_of(
        lambda raw: raw["corpora"]["reviews"].update(source={"path": "parts", "format": "csv", "splits": splits})
    )
    (folder / "parts").mkdir()
    for name in ("train.csv", "held_out.csv", "unused.csv"):
        (folder / "parts" / name).write_text("text,label\n")
    assert sources.files(of("reviews")) == ["parts/train.csv", "parts/held_out.csv"]


# --- reading, preparing, exporting ---


def test_the_column_of_the_text_is_the_kind_s_where_the_config_names_none():
    texts = {name: sources_of().reading(of(name))["fields"]["text"] for name in ("songs", "book", "reviews")}
    assert texts == {"songs": "lyrics", "book": "text", "reviews": "text"}
    named = sources_of(with_source("songs", fields={"text": "letra"}))
    assert named.reading(of("songs"))["fields"]["text"] == "letra"


def test_reading_depends_on_what_is_read_and_preparing_on_how_it_is_split():
    before = sources_of()

    def changed(**values):
        after = sources_of(with_corpus("reviews", **values))
        return {
            what
            for what in ("reading", "preparation")
            if getattr(after, what)(of("reviews")) != getattr(before, what)(of("reviews"))
        }

    assert changed(language=ENGLISH) == {"reading"}
    assert changed(texts_per_label=50) == changed(split={"seed": 7}) == changed(ordered=False) == {"preparation"}
    assert changed(labels=[1, 2, 3]) == {"reading", "preparation"}
    assert changed(own_texts=[]) == changed(demo=True) == changed(minimum_count={"token": 5}) == set()


def test_other_parts_of_a_corpus_of_songs_prepare_nothing_again():
    before = sources_of()
    for values in ({"sampling": {"seed": 1}}, {"scoring": {"state": "reset"}}, {"alpaca": {"instruction": "Sing."}}):
        after = sources_of(with_corpus("songs", **values))
        assert after.preparation(of("songs")) == before.preparation(of("songs"))
        assert after.reading(of("songs")) == before.reading(of("songs"))
    assert before.preparation(of("songs"))["split"]["method"] == "stratified"


def test_exports_are_those_of_the_corpora_of_experiments_once():
    sources = sources_of()
    found = sources.exports_of(*RAW["experiments"])
    assert found == sorted(set(found), key=found.index)
    assert {path.split("/")[2] for path in found} == {"songs", "reviews", "games"}
    assert len(found) == len(KIND["songs"].exports) + 2 * len(KIND["labelled"].exports)
    assert "results/corpora/reviews/exports/reviews_train.csv" in found
    assert not [path for path in found if "{" in path]
    assert sources.exports_of("wild") == [path for path in found if "/games/" in path]
    assert sources.exports("labelled")["train_csv"] == "results/corpora/{corpus}/exports/{corpus}_train.csv"


def test_a_run_waits_for_the_corpus_of_its_base_where_that_is_another_one():
    """Else Snakemake would not look anew at the run once that corpus has come out the same, and would train it again."""

    def elsewhere(raw):
        raw["corpora"]["poems"] = dict(raw["corpora"]["songs"])
        raw["pretrained"]["toy"]["corpus"] = "poems"

    run = Named(corpus="songs", model="base", seed="1")
    assert sources_of(elsewhere).settled_of_base(run) == ["results/corpora/poems/statistics.json"]
    assert sources_of().settled_of_base(run) == [], "its own corpus's parts are inputs already"
    assert sources_of().settled_of_base(Named(corpus="songs", model="tuned", seed="1")) == []
    files = ["results/corpora/poems/statistics.json", "results/corpora/songs/statistics.json"]
    assert sources_of(elsewhere).settled_of_run(run) == files


def test_a_target_demands_every_file_of_a_corpus_that_its_runs_read():
    """Snakemake misses no file that nobody demands: after a corpus could not be read, a second start would find nothing to do."""
    demanded = sources_of().read_by("polarity", "wild")
    for name in ("reviews/acquired.json", "reviews/statistics.json", "reviews/vocab_token.json", "games/scraped.jsonl"):
        assert f"results/corpora/{name}" in demanded
    assert "results/corpora/games/acquired.json" in demanded
    assert not [path for path in demanded if "/book/" in path or "/scraped/" in path]
