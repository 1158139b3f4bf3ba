"""The errors of classifiers in a real browser: chosen by model and label, whole without script, hostile texts at rest."""

import pytest
from fabricate_classifiers import fabricate_classifier_report, fabricate_labelled

from verso.files import write_json_lines

HOSTILE = '"><script>window.pwned=1</script><img src="http://verso.invalid/x.png" onerror="window.pwned=2">'
ROWS = "return [...document.querySelectorAll('#en-errors-1 tbody tr')].filter(row => row.offsetParent).map(row => row.dataset.{})"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    corpus = fabricate_labelled(folder, "reviews", ["bad", HOSTILE], False, 60)
    write_json_lines(corpus["test"], [row | {"text": HOSTILE} for row in corpus["documents"]])
    return fabricate_classifier_report(folder, [corpus], ["majority", "rnn", HOSTILE], seeds=1, title="Errors")


@pytest.fixture
def opened(browser, path):
    browser.get("about:blank")
    browser.get_log("browser")
    browser.get(path.as_uri())
    return browser


def choose(browser, name, value):
    browser.execute_script(
        "const select = document.querySelector(`.page[lang=en] .filter select[name=${arguments[0]}]`);"
        "select.value = arguments[1]; select.dispatchEvent(new Event('change', {bubbles: true}))",
        name,
        value,
    )


def test_errors_are_chosen_by_model_and_by_label(opened):
    everything = opened.execute_script(ROWS.format("model"))
    assert {"majority", "rnn", HOSTILE} == set(everything)
    choose(opened, "model", HOSTILE)
    assert set(opened.execute_script(ROWS.format("model"))) == {HOSTILE}
    choose(opened, "label", "bad")
    assert set(opened.execute_script(ROWS.format("label"))) == {"bad"}
    shown = len(opened.execute_script(ROWS.format("model")))
    assert opened.find_element("css selector", ".page[lang=en] .filter output").text == f"{shown} / {len(everything)}"
    choose(opened, "model", "")
    choose(opened, "label", "")
    assert opened.execute_script(ROWS.format("model")) == everything


def test_what_reviews_say_never_runs_and_nothing_complains(opened):
    assert opened.execute_script("return typeof window.pwned") == "undefined"
    assert opened.execute_script("return document.images.length") == 0
    assert [entry for entry in opened.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert HOSTILE in opened.execute_script("return document.querySelector('#en-errors-1 tbody td:last-child').textContent")


def test_without_script_the_whole_table_is_seen_and_no_filter(browser, path):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(path.as_uri())
        assert not browser.find_element("css selector", '.page[lang="en"] .filter').is_displayed()
        rows = browser.find_elements("css selector", "#en-errors-1 tbody tr")
        assert len(rows) > 10
        assert all(row.is_displayed() for row in rows)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_page_does_not_scroll_sideways_on_a_telephone(opened):
    opened.set_window_size(500, 900)
    assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    opened.set_window_size(1200, 900)


def test_on_a_telephone_a_text_is_read_without_scrolling_sideways(opened):
    """It stood behind five columns, each row as high as a text that was not to be seen."""
    opened.set_window_size(500, 900)
    left, right, width, below = opened.execute_script(
        "const row = document.querySelector('#en-errors-1 tbody tr'), text = row.lastElementChild.getBoundingClientRect();"
        "return [text.left, text.right, innerWidth, text.top - row.querySelector('td').getBoundingClientRect().bottom]"
    )
    assert 0 <= left < right <= width
    assert below >= 0
    said = "return getComputedStyle(document.querySelector('#en-errors-1 tbody td'), '::before').content"
    assert "True label" in opened.execute_script(said)
    opened.set_window_size(1200, 900)
