"""Figures in a real browser, whose font is not that which they were measured with."""

from fabricate_classifiers import fabricate_classifier_report, fabricate_labelled

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
