"""The report in a real browser: opened from disk, offline, with hostile names in every place that a name can be."""

import json
import time

import pytest
from fabricate import fabricate_report
from selenium.webdriver.support.wait import WebDriverWait

HOSTILE = '"><script>window.pwned=1</script><img src="http://verso.invalid/x.png" onerror="window.pwned=2">'


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return fabricate_report(
        tmp_path_factory.mktemp("report"),
        {"songs": ["gru-char", "lstm-char", "lstm-word"], HOSTILE: ["gru-char", HOSTILE]},
        seeds=1,
        demo=True,
        title=f"Report {HOSTILE}",
    )


@pytest.fixture
def opened(browser, path):
    browser.get("about:blank")
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(path.as_uri())
    browser.execute_script("localStorage.clear()")
    load_again(browser, path)
    return browser


def load_again(browser, path):
    """Load the page that is there already; on a busy machine `get` comes back before the new one is read to its end."""
    browser.execute_script("window.isTheOneBefore = true")
    browser.get(path.as_uri())
    is_new = "return !window.isTheOneBefore && document.readyState === 'complete'"
    WebDriverWait(browser, 30).until(lambda browser: browser.execute_script(is_new))


def seen(browser):
    """The language of the one page in view."""
    return browser.execute_script("return [...document.querySelectorAll('.page')].filter(p => p.offsetParent).map(p => p.lang)")


def test_it_opens_without_a_word_in_the_console_and_requests_nothing(opened, path):
    assert [entry for entry in opened.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    events = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(url.startswith((path.as_uri(), "data:", "about:")) for url in asked)


def test_what_songs_and_artists_are_called_never_runs(opened):
    assert opened.execute_script("return typeof window.pwned") == "undefined"
    assert opened.execute_script("return document.images.length") == 0
    assert opened.execute_script("return document.scripts.length") == 1
    assert HOSTILE in opened.execute_script("return document.querySelector('h1').textContent")


def test_the_policy_would_stop_a_script_that_slipped_through(opened):
    opened.execute_script(
        "const s = document.createElement('div'); s.innerHTML = '<img src=x onerror=\"window.pwned=3\">'; document.body.append(s)"
    )
    assert opened.execute_async_script("setTimeout(() => arguments[0](typeof window.pwned), 200)") == "undefined"


def test_the_button_switches_the_language_and_it_is_remembered(opened, path):
    assert seen(opened) == ["en"]
    opened.find_element("css selector", '.page[lang="en"] [data-action="language"]').click()
    assert seen(opened) == ["es"]
    assert opened.execute_script("return document.documentElement.lang") == "es"
    assert opened.execute_script("return document.activeElement.dataset.to") == "en"  # the keyboard can switch back
    for _ in range(20):  # Chromium writes what a page stores a moment later: on a busy machine the next page may come first
        load_again(opened, path)
        if seen(opened) == ["es"]:
            break
        time.sleep(0.5)
    assert seen(opened) == ["es"]


def test_the_other_button_changes_the_colours(opened):
    paper = "return getComputedStyle(document.body).backgroundColor"
    before = opened.execute_script(paper)
    opened.find_element("css selector", '.page[lang="en"] [data-action="theme"]').click()
    assert opened.execute_script(paper) != before


def test_tables_and_figures_are_there_and_wide_ones_scroll_in_their_own_box(opened):
    assert (
        opened.execute_script(
            "return [...document.querySelectorAll('.page[lang=en] table')].filter(t => t.rows.length > 1).length"
        )
        >= 8
    )
    assert opened.execute_script("return document.querySelectorAll('.page[lang=en] svg').length") == 5
    opened.set_window_size(500, 900)
    assert opened.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    opened.set_window_size(1200, 900)


def test_without_script_the_chosen_language_is_read(browser, path):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(path.as_uri())
        assert browser.find_element("css selector", '.page[lang="en"] h2').is_displayed()
        assert not browser.find_element("css selector", '.page[lang="es"] h2').is_displayed()
        assert not any(button.is_displayed() for button in browser.find_elements("css selector", "button"))
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_contents_lead_to_every_section(opened):
    broken = opened.execute_script(
        "return [...document.querySelectorAll('.contents a')].filter(a => !document.getElementById(a.hash.slice(1))).length"
    )
    assert broken == 0
