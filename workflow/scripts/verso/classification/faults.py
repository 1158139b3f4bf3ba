"""Faults that a config alone can tell where it names labels: models that cannot tell these, labels that Steam never gives."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from verso.classification.prompt.replies import must_differ_as_replies
from verso.corpora.labelled.kind import LabelledCorpus
from verso.corpora.sources.steam.settings import SteamSource
from verso.errors import VersoError
from verso.settings.raw import built, mapping
from verso.text.labels import are_ordered

Fault = tuple[str, str]  # path, and what is wrong there
CORPUS: TypeAdapter[LabelledCorpus] = TypeAdapter(LabelledCorpus)
STEAM = ("negative", "positive")  # as verso.corpora.sources.steam.fetch labels reviews


def faults_of_labels(raw: Mapping[str, Any]) -> list[Fault]:
    """Faults of labelled corpora, and of the models that experiments try on them; what else is wrong is told elsewhere."""
    blocks = {name: mapping(block) for name, block in mapping(raw.get("corpora")).items()}
    labelled = {name: built(CORPUS, block) for name, block in blocks.items() if block.get("kind") == "labelled"}
    corpora: dict[str, LabelledCorpus] = {name: corpus for name, corpus in labelled.items() if corpus is not None}
    models = mapping(raw.get("models"))
    faults = [fault for name, corpus in corpora.items() for fault in _of_steam(name, corpus)]
    for name, experiment in mapping(raw.get("experiments")).items():
        corpus, tried = mapping(experiment).get("corpus"), mapping(experiment).get("models")
        if not isinstance(corpus, str) or corpus not in corpora or not isinstance(tried, list):
            continue
        for place, model in enumerate(tried):
            entry = mapping(models.get(model)) if isinstance(model, str) else {}
            path = f"experiments.{name}.models[{place}]"
            faults += [(path, f'"{model}" {what}') for what in _of_model(entry, corpus, corpora[corpus])]
    return faults


def _of_steam(name: str, corpus: LabelledCorpus) -> Iterator[Fault]:
    if not isinstance(corpus.source, SteamSource):
        return
    for label in corpus.names_of_labels() or ():
        if label not in STEAM:
            yield f"corpora.{name}.labels", f'"{label}" is no label of Steam; it has: {", ".join(STEAM)}'
    for place, probe in enumerate(corpus.probes):
        if corpus.labels is None and str(probe.label) not in STEAM:
            yield f"corpora.{name}.probes[{place}].label", f'"{probe.label}" is no label of Steam; it has: {", ".join(STEAM)}'


def _of_model(entry: Mapping[str, Any], name: str, corpus: LabelledCorpus) -> Iterator[str]:
    """What of a model's entry does not go with the labels of a corpus; those are known where the config names them."""
    names = _names(corpus)
    if entry.get("head") == "corn" and not _may_be_ordered(corpus, names):
        says = "says ordered: false" if corpus.ordered is False else f"has {', '.join(names)}, which are no scale by themselves"
        yield f"has head: corn, which is for labels on a scale, and corpora.{name} {says}; take head: softmax" + (
            "" if corpus.ordered is False else ", or say ordered: true there"
        )
    if entry.get("family") != "prompt" or not names:
        return
    if entry.get("way", "generate") == "generate":
        try:
            must_differ_as_replies(names)
        except VersoError as error:
            yield f"writes its replies, and {error}"
    examples, most = entry.get("examples", 0), corpus.texts_per_label
    if isinstance(examples, int) and most is not None and -(-examples // len(names)) > most:
        yield f"shows {examples} examples of {len(names)} labels, and corpora.{name} has {most} texts of each (texts_per_label)"


def _names(corpus: LabelledCorpus) -> list[str]:
    """What the classes are called, in their order; empty where the source alone knows."""
    found = corpus.names_of_labels()
    if found is None:
        return list(STEAM) if isinstance(corpus.source, SteamSource) else []
    return list(dict.fromkeys(found.values()))


def _may_be_ordered(corpus: LabelledCorpus, names: list[str]) -> bool:
    return corpus.ordered is not False and (corpus.ordered is True or not names or are_ordered(names))
