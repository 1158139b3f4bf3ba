"""Losses: what a source lost is counted by reason and label, said on the screen, and stops the study when it is too much."""

import random
from collections import Counter

import pytest
from labelled_texts import Labelled, lines, reviews

from verso.corpora.losses import Losses, of_groups, refuse_too_many, sentences
from verso.errors import VersoError
from verso.files import read_json_lines


def losses(documents, lost):
    return Losses(Counter(documents), {"not UTF-8": Counter(lost)}).as_dict()


def refused(documents, lost, limit=None):
    try:
        refuse_too_many(losses(documents, lost), limit, "reviews", "set_aside.jsonl")
    except VersoError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("documents", "lost", "limit"),
    [
        ({"neg": 200, "pos": 200}, {}, None),
        ({"neg": 20, "pos": 20}, {"neg": 4}, None),  # too few to stop anything
        ({"neg": 980, "pos": 980}, {"neg": 19, "pos": 18}, None),
        ({"neg": 10_000, "pos": 10_000}, {"neg": 6, "pos": 1}, None),  # by chance
        ({"neg": 10_000, "pos": 300}, {"neg": 30, "pos": 0}, None),  # at the same rate pos would have lost one
        ({"neg": 133, "pos": 200}, {"neg": 67}, 0.34),
        ({"neg": 133, "pos": 200}, {"neg": 67}, 1.0),
        ({"neg": 100, "pos": 100}, {"": 100}, 0.34),
    ],
)
def test_few_even_or_allowed_losses_stop_nothing(documents, lost, limit):
    assert refused(documents, lost, limit) == ""


@pytest.mark.parametrize(
    ("documents", "lost", "limit", "message"),
    [
        ({"neg": 133, "pos": 200}, {"neg": 67}, None, "67 of 400 rows set aside (16.8%)"),
        ({"neg": 133, "pos": 200}, {"neg": 67}, None, "Of neg 33.5% are lost, of pos 0.0%: that would change the balance."),
        ({"neg": 133, "pos": 200}, {"neg": 67}, None, "say under corpora.reviews: set_aside_limit: 0.35"),
        ({"neg": 133, "pos": 200}, {"neg": 67}, 0.2, "Of neg 33.5% are lost"),
        ({"neg": 95, "pos": 100}, {"neg": 5}, None, "5 of 200 rows"),
        ({"a": 9_900, "b": 10_000, "c": 9_990}, {"a": 100, "b": 5, "c": 90}, None, "Of a 1.0% are lost, of b 0.0%"),
        ({"neg": 300, "pos": 300}, {"neg": 7}, None, "Of neg 2.3% are lost, of pos 0.0%"),
        ({"neg": 200, "pos": 200}, {"": 40}, None, "40  not UTF-8"),
        ({"neg": 200, "pos": 200}, {"neg": 1, "pos": 4}, 0.0, "Allowed is 0 of all rows"),
        ({"neg": 20, "pos": 20}, {"neg": 1}, 0.0, "1 of 41 rows"),  # the config allows none
        ({"neg": 20, "pos": 20}, {"neg": 4}, 0.05, "Allowed is 0.05 of all rows"),
    ],
)
def test_too_much_or_far_more_of_one_label_stops_and_says_what_to_do(documents, lost, limit, message):
    assert message in refused(documents, lost, limit)


def test_by_chance_alone_no_label_is_said_to_lose_more():
    chance = random.Random(1)
    for _ in range(50):
        lost = {f"artist {number}": sum(chance.random() < 0.01 for _ in range(200)) for number in range(20)}
        assert refused({name: 200 - count for name, count in lost.items()}, lost, limit=None) == ""


def test_many_labels_are_named_by_size_and_the_rest_counted():
    found = Counter({"a": 5, "b": 4, "": 3, "d": 2, "e": 1, "f": 1})
    assert of_groups(dict(found.most_common())) == "16 (a: 5, b: 4, unknown: 3, d: 2, 2 more)"
    assert sentences(Losses(Counter("ab")).as_dict()) == []


def test_as_many_reasons_as_rows_are_not_all_named():
    found = Losses(
        Counter(a=9), {}, {f"of a split that is not taken: {number}": Counter(a=1) for number in range(5000)}
    ).as_dict()
    assert len(found["unwanted_by_reason"]) < 20
    assert sum(sum(groups.values()) for groups in found["unwanted_by_reason"].values()) == 5000
    assert len(sentences(found)) < 20


@pytest.fixture
def corpus(tmp_path):
    return Labelled(tmp_path)


def test_rows_of_a_source_are_counted_by_label_told_and_stop_the_preparation_until_that_is_allowed(corpus, caplog):
    rows = reviews({"neg": 60, "pos": 60})
    for row in [row for row in rows if row["label"] == "neg"][:20]:
        row["text"] = ""
    rows += [{"text": "x", "label": None}, {"text": "y", "label": "NA"}]
    corpus.acquired(lines(corpus.folder / "rows.jsonl", rows))
    aside = list(read_json_lines(corpus.folder / "set_aside.jsonl"))
    assert Counter((row["reason"], row["group"], row["lost"]) for row in aside) == {
        ("no text", "neg", True): 20,
        ("no label", "", True): 1,
        ('no label: "NA" means none, unless `labels` names it', "", True): 1,
    }
    assert "rows.jsonl: 22 of 122 rows set aside (18.0%):\n  20 (neg: 20)  no text\n  1  no label" in caplog.text
    with pytest.raises(VersoError, match=r"22 of 122 rows set aside[\s\S]*Of neg 33.3% are lost, of pos 0.0%"):
        corpus.prepared()
    _, statistics = corpus.prepared(set_aside_limit=0.4)
    assert statistics["losses"]["groups"] == {"neg": {"rows": 60, "lost": 20}, "pos": {"rows": 60, "lost": 0}}


def test_rows_that_the_config_does_not_want_are_no_loss(corpus):
    rows = reviews({"neg": 30, "pos": 30, "other": 30})
    labels = {"neg": "bad", "pos": "good"}
    corpus.acquired(lines(corpus.folder / "rows.jsonl", rows), labels=labels)
    _, statistics = corpus.prepared(labels=labels)
    assert (statistics["losses"]["rows"], statistics["losses"]["lost"]) == (60, 0)
    assert statistics["losses"]["unwanted_by_reason"] == {"label is none of the corpus's labels": {"other": 30}}


def test_a_lost_row_counts_under_the_name_that_the_config_gives_its_label(corpus):
    rows = [{"text": "", "label": 1}] * 12 + reviews({"1": 20, "2": 20})
    labels = {"1": "bad", "2": "good"}
    corpus.acquired(lines(corpus.folder / "rows.jsonl", rows), labels=labels)
    with pytest.raises(VersoError, match=r"12 \(bad: 12\)  no text[\s\S]*Of bad 37.5% are lost, of good"):
        corpus.prepared(labels=labels)


def test_that_nearly_all_is_lost_is_said_before_that_the_rest_has_one_label(corpus):
    path = corpus.folder / "rows.jsonl"
    path.write_text('{"text": "a", "label": "neg"}\n' + '{"text": "b", "label": "pos"},\n' * 20)
    corpus.acquired(path)
    with pytest.raises(VersoError, match=r"20 of 21 rows set aside"):
        corpus.prepared()
    with pytest.raises(VersoError, match=r"all 1 texts have one label, neg: .*does it hold a subfolder of each label"):
        corpus.prepared(set_aside_limit=1.0)
