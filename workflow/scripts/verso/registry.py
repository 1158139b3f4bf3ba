"""One line each: the families, tasks, kinds of corpora and sources that there are.

Whatever depends on which there are reads these lists: config, needs, graph, commands, and the order of the page's sections.
"""

from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field

from verso.classification import task as classification
from verso.classification.baselines import family as baselines
from verso.classification.encoder import family as encoder
from verso.classification.prompt import family as prompt
from verso.classification.small_networks import family as small_networks
from verso.classification.transformer import family as transformer
from verso.contract import Family, Kind, Source, Task
from verso.corpora.articles import kind as articles
from verso.corpora.labelled import kind as labelled
from verso.corpora.manual import kind as manual
from verso.corpora.songs import kind as songs
from verso.corpora.sources.file import settings as file
from verso.corpora.sources.genius import settings as genius
from verso.corpora.sources.hub import settings as hub
from verso.corpora.sources.steam import settings as steam
from verso.corpora.sources.wikipedia import settings as wikipedia
from verso.language_modelling import task as language_modelling
from verso.language_modelling.causal_llm import family as causal_llm
from verso.language_modelling.gpt import family as gpt
from verso.language_modelling.recurrent_lm import family as recurrent_lm

FAMILIES: tuple[Family, ...] = (
    recurrent_lm.FAMILY,
    gpt.FAMILY,
    causal_llm.FAMILY,
    small_networks.RECURRENT,
    small_networks.TEXTCNN,
    transformer.FAMILY,
    baselines.TFIDF,
    baselines.MAJORITY,
    encoder.FAMILY,
    prompt.FAMILY,
)
TASKS: tuple[Task, ...] = (
    language_modelling.TASK,
    classification.TASK,
)
KINDS: tuple[Kind, ...] = (
    songs.KIND,
    manual.KIND,
    articles.KIND,
    labelled.KIND,
)
SOURCES: tuple[Source, ...] = (
    file.SOURCE,
    genius.SOURCE,
    hub.SOURCE,
    steam.SOURCE,
    wikipedia.SOURCE,
)

FAMILY = {family.name: family for family in FAMILIES}
TASK = {task.name: task for task in TASKS}
KIND = {kind.name: kind for kind in KINDS}
SOURCE = {source.name: source for source in SOURCES}

if TYPE_CHECKING:  # what an entry has beside what the contract says is its family's or kind's own business
    Model = Any
    Corpus = Any
else:
    Model = Annotated[Union[tuple(family.settings for family in FAMILIES)], Field(discriminator="family")]  # noqa: UP007
    Corpus = Annotated[Union[tuple(kind.settings for kind in KINDS)], Field(discriminator="kind")]  # noqa: UP007
