"""Keeps scikit-learn from being imported where transformers alone would."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ASSISTED = "transformers.generation.candidate_generator"


class _WithoutScikitLearn(MetaPathFinder):
    """Finds nothing. When assisted decoding is looked for, transformers answers from then on that scikit-learn is not there."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == ASSISTED:
            sys.modules["transformers.utils"].is_sklearn_available = lambda: False  # type: ignore[attr-defined]
        return None


def import_no_assistants() -> None:
    """From now on transformers imports no scikit-learn, nor pandas and pyarrow with it: 1.3 s of its 5 on a core of 2024.

    It would for the ROC curve of assisted decoding, which nothing here uses. Call it before transformers is imported.
    """
    if not any(isinstance(finder, _WithoutScikitLearn) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WithoutScikitLearn())
