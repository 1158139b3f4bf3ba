"""Figures in a real browser, whose font is not that which they were measured with."""

from fabricate import fabricate_report
from fabricate_classifiers import fabricate_classifier_report, fabricate_labelled
from fabricate_predictions import fabricate_predictions
from fabricate_search import fabricate_searched
from selenium.webdriver.support.wait import WebDriverWait

CUT_OFF = """
return [...document.querySelectorAll('.page figure svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(text => {
    const box = text.getBoundingClientRect();
    return box.width && (box.left < frame.left || box.right > frame.right);
  }).map(text => text.textContent);
})
"""


def test_no_text_of_a_figure_is_cut_off_in_either_language(browser, tmp_path):
    """The m of mdeberta-lora was: Chromium without Arial writes an eighth wider, and Spanish takes more words."""
    corpus = fabricate_labelled(tmp_path, "reviews", ["bad", "good"], False, 60)
    models = ["majority", "deberta-lora-wide-mmmmmm"]
    browser.get(fabricate_classifier_report(tmp_path, [corpus], models, seeds=2, title="Figures").as_uri())
    assert len(browser.find_elements("css selector", ".page[lang=en] figure svg")) > 3
    assert browser.execute_script(CUT_OFF) == []
    browser.find_element("css selector", '.page[lang="en"] [data-action="language"]').click()
    assert browser.find_element("css selector", '.page[lang="es"] figure').is_displayed()
    assert browser.execute_script(CUT_OFF) == []


def test_measured_predictions_are_seen_whole_in_both_languages(browser, tmp_path):
    models = {"songs": ["gru-char", "lstm-word-wide-mmmmmm", "lstm-char"], "other": ["gru-char"]}
    browser.get(fabricate_report(tmp_path, models, seeds=2, demo=False, change=fabricate_predictions).as_uri())
    seen = set()
    for _ in range(2):
        language = browser.execute_script("return document.documentElement.lang")
        section = browser.find_element("css selector", f"#{language}-predictions")
        assert section.is_displayed()
        assert len(section.find_elements("css selector", "svg")) == 3
        assert len(section.find_elements("css selector", "table")) == 10
        assert browser.execute_script(CUT_OFF) == []
        seen.add(language)
        browser.execute_script("document.querySelector(`.page[lang=${arguments[0]}] [data-action=language]`).click()", language)
    assert seen == {"en", "es"}


def search_section_seen(browser):
    """The part about searches in the language of the page; False while it is not displayed."""
    language = browser.execute_script("return document.documentElement.lang")
    section = browser.find_element("css selector", f"#{language}-searches")
    return section if section.is_displayed() else False


def test_a_search_is_seen_whole_in_both_languages_and_does_not_scroll_a_telephone_sideways(browser, tmp_path):
    corpus = fabricate_labelled(tmp_path, "reviews", ["bad", "good"], False, 60)
    search = fabricate_searched(tmp_path / "search", "reviews", "textcnn", "classification", "rnn")
    models = ["majority", "rnn", "textcnn"]
    browser.get(fabricate_classifier_report(tmp_path, [corpus], models, seeds=2, title="Search", searches=[search]).as_uri())
    for turn in range(2):
        section = WebDriverWait(browser, 30).until(search_section_seen)  # on a busy machine a page takes a moment
        language = browser.execute_script("return document.documentElement.lang")
        assert len(section.find_elements("css selector", "svg")) == 6
        assert browser.execute_script(CUT_OFF) == []
        browser.set_window_size(500, 900)
        assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        browser.set_window_size(1200, 900)
        if turn == 0:
            browser.find_element("css selector", f'.page[lang="{language}"] [data-action="language"]').click()
            assert browser.execute_script("return document.documentElement.lang") != language
