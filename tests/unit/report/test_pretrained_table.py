"""The table of pretrained models: what manifests and pages say, blanks where they do not, and nothing that could be a command."""

import pytest
from fabricate import fabricate_pretrained

from verso.files import read_csv, read_json, write_json
from verso.report.pretrained_table import PRETRAINED_MODELS, describe

MINIATURE = {"type": "miniature", "miniature": True, "parameters": 800_000, "repository": None, "commit": None, "licence": None}
DAYS = ("created", "last_modified", "looked_up")
OF_THE_PAGE = ("revision", *DAYS, "downloads_last_month", "likes", "languages", "licence_on_hub")


def described(folder, manifests, **models):
    describe(manifests, models, folder / "pretrained_models.csv")
    return read_csv(folder / "pretrained_models.csv"), (folder / "pretrained_models.tex").read_text(encoding="utf-8")


def page_of(manifest, **changes):
    page = manifest.parent / "fetched.json"
    write_json(page, read_json(page) | changes)


def test_a_model_of_the_hub_is_named_by_its_manifest_its_page_and_what_starts_from_it(tmp_path):
    manifest = fabricate_pretrained(tmp_path, "mistral")
    (row,), tex = described(tmp_path, [manifest], mistral=["mistral-base", "zero-shot"], llama=["other"])
    assert tuple(row) == PRETRAINED_MODELS
    assert (row["repository"], row["revision"], row["licence"]) == ("somebody/mistral-7b", "main", "apache-2.0")
    assert (len(row["commit"]), row["parameters"], row["miniature"]) == (40, "7248023552", "False")
    assert row["models"] == "mistral-base, zero-shot"
    assert [row[key] for key in DAYS] == ["2023-09-27", "2025-07-24", "2026-11-22"]
    assert (row["downloads_last_month"], row["likes"], row["languages"]) == ("1234567", "17", "es, en")
    for cell in ("2023-09-27", "2026-11-22", r"1\,234\,567"):
        assert cell in tex
    assert "hub:" not in tex


def test_a_miniature_has_no_page_and_says_what_it_is(tmp_path):
    (row,), tex = described(tmp_path, [fabricate_pretrained(tmp_path, "toy", **MINIATURE)], toy=["lora"])
    assert (row["miniature"], row["models"]) == ("True", "lora")
    assert {row[key] for key in ("repository", "commit", "licence", *OF_THE_PAGE)} == {""}
    assert "miniature, made here" in tex


@pytest.mark.parametrize("before", [None, {"revision": "main", "fetched": "2026-01-02T03:04:05+00:00"}])
def test_what_was_never_looked_up_is_blank_and_stops_nothing(tmp_path, before):
    """A snapshot that came by another way than `make fetch`, and one that an earlier version of Verso fetched."""
    manifest = fabricate_pretrained(tmp_path, "mistral")
    page = manifest.parent / "fetched.json"
    page.unlink() if before is None else write_json(page, before)
    (row,), _ = described(tmp_path, [manifest])
    assert row["licence"] == "apache-2.0"
    blank = [key for key in OF_THE_PAGE if not row[key]]
    assert set(blank) == set(OF_THE_PAGE) - ({"revision", "looked_up"} if before else set())


def test_a_licence_that_the_hub_calls_otherwise_is_shown_beside_the_configs(tmp_path):
    manifest = fabricate_pretrained(tmp_path, "mistral")
    page_of(manifest, licence_on_hub="Apache-2.0")  # the same in other letters
    assert "hub:" not in described(tmp_path, [manifest])[1]
    page_of(manifest, licence_on_hub="gemma_terms")
    (row,), tex = described(tmp_path, [manifest])
    assert (row["licence"], row["licence_on_hub"]) == ("apache-2.0", "gemma_terms")
    assert r"apache-2.0 (hub: gemma\_terms)" in tex


def test_what_a_page_says_cannot_be_a_command(tmp_path):
    manifest = fabricate_pretrained(tmp_path, "mistral")
    page_of(manifest, licence_on_hub=r"\input{x}", languages=[r"\write18"])
    _, tex = described(tmp_path, [manifest])
    assert r"\input" not in tex
    assert r"\write18" not in tex


def test_a_model_of_a_folder_is_named_as_one_with_the_path_that_the_config_has_and_no_more(tmp_path):
    manifest = fabricate_pretrained(tmp_path, "site", type="folder", repository=None, commit=None, licence=None)
    place = {"path": "models/small_one", "repository": None, "commit": "c" * 40, "licence": "mit", "licence_on_hub": "mit"}
    write_json(manifest.parent / "located.json", {**place, "files": {"config.json": {"lies": "/home/somebody/models/small_one"}}})
    (row,), tex = described(tmp_path, [manifest], site=["tuned"])
    assert (row["type"], row["path"], row["commit"], row["licence"]) == ("folder", "models/small_one", "c" * 40, "mit")
    assert r"models/small\_one (folder)" in tex
    write_json(manifest.parent / "located.json", {**place, "repository": "someone/small", "files": {}})
    (row,), tex = described(tmp_path, [manifest], site=["tuned"])
    assert "someone/small (folder)" in tex
    assert "/home/somebody" not in tex + str(row)
