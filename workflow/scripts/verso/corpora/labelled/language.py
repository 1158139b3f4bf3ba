"""Language: which texts are in another language than those wanted, by their letters alone (py3langid, naive Bayes over bytes)."""

from collections.abc import Mapping
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from verso.errors import VersoError

READ = 5_000  # characters; by then the language is known


class LanguageFilter:
    """Recognises texts in a language that is not wanted."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """settings: {"keep": codes, "confidence": c}. Raises VersoError when the identifier does not know a code."""
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        self._keep, self._confidence = set(settings["keep"]), settings["confidence"]
        known = sorted(self._identifier.labels)
        if unknown := sorted(self._keep - set(known)):
            raise VersoError(
                f"language.keep: {', '.join(unknown)} is no language that can be recognised; known: {', '.join(known)}"
            )

    def other(self, text: str) -> str | None:
        """The code of the language that a text is in, when it is not one to keep with at least that confidence; else None.

        Of a few words the probabilities are low ("Excelente": .09 for the likeliest), so that short texts stay.
        """
        language, confidence = self._identifier.classify(text[:READ])
        return str(language) if language not in self._keep and confidence >= self._confidence else None
