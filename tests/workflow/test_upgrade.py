"""The upgrade note of CHANGELOG.md, tried: after an update, one `--touch` keeps what is finished."""

from verso.files import sha256_of

EVERYWHERE = "workflow/scripts/verso/files.py"  # what every job writes its files by


def content_of_results(project):
    files = (path for path in project.path("results").rglob("*") if path.is_file() and "logs" not in path.parts)
    return {path.relative_to(project.folder): sha256_of(path) for path in files if not path.name.startswith(".")}


def test_after_an_update_one_touch_records_the_new_fingerprints_and_runs_nothing(finished):
    assert finished.plan() == []
    finished.edit(EVERYWHERE, "    final = Path(final)\n", "    final = Path(str(final))\n")
    due = {line.split()[0] for line in finished.plan()}
    assert {"prepare_corpus", "train_recurrent_lm", "evaluate_recurrent_lm", "report"} <= due, "an update re-runs everything"
    before = content_of_results(finished)
    finished.make("--touch", "--profile", "profiles/local")
    assert finished.plan() == []
    assert content_of_results(finished) == before
    finished.edit(EVERYWHERE, "    final = Path(str(final))\n", "    final = Path(final)\n")
    assert finished.plan(), "a change after it is seen again"
