"""Function words of English and Spanish: the closed word classes, and in which of these languages the texts of a group are.

Source: compiled for Verso from the closed word classes of grammars (Quirk et al. 1985, A Comprehensive Grammar of the English
Language, chapter 2; RAE and ASALE 2009, Nueva gramática de la lengua española): articles, demonstratives, possessives,
quantifiers, pronouns, prepositions, conjunctions, auxiliaries, relatives, interrogatives, negation. Words that often are others
("like", "past") are left out. Lists of stop words were not taken: they differ in what they are for, and hold nouns and verbs
(scikit-learn's has "bill", "fire" and "system": Nothman et al. 2018).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from py3langid.langid import MODEL_FILE, LanguageIdentifier

READ = 2_000  # characters of a document; by then its language is known
DOCUMENTS = 20  # of a group that are read
ENGLISH = """
a an the this that these those my your his her its our their some any no every each either neither both all many much few several
another other such what which whose
i me mine myself you yours yourself yourselves he him himself she hers herself it itself we us ours ourselves they them theirs
themselves one who whom someone somebody something anyone anybody anything everyone everybody everything nobody nothing none
of in to for on with at by from about as into after before over under between out against during without through up down off upon
among around along across behind beyond above below near within toward towards until till since per
and or but nor so if because although though while when where why how whether than unless that's once
am is are was were be been being have has had having do does did can could may might must shall should will would not
i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's it'll we're we've we'll we'd they're they've
they'll they'd isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't cannot couldn't won't wouldn't
shouldn't mustn't there's what's who's ain't there
"""
SPANISH = """
el la los las lo un una unos unas este esta esto estos estas ese esa eso esos esas aquel aquella aquello aquellos aquellas
mi mis tu tus su sus nuestro nuestra nuestros nuestras vuestro vuestra vuestros vuestras mío mía míos mías tuyo tuya tuyos tuyas
suyo suya suyos suyas algún alguno alguna algunos algunas ningún ninguno ninguna cada todo toda todos todas otro otra otros otras
mucho mucha muchos muchas poco poca pocos pocas varios varias ambos ambas tal tales cual cuales cualquier cualquiera
yo me mí conmigo tú te ti contigo él ella ello ellos ellas usted ustedes nosotros nosotras vosotros vosotras nos os se sí consigo
le les alguien nadie algo nada quien quienes que qué quién quiénes cuál cuáles cuyo cuya cuyos cuyas cuánto cuánta cuántos cuántas
cuanto cuanta cuantos cuantas
a al ante bajo con contra de del desde durante en entre hacia hasta mediante para por según sin sobre tras
y e o u ni pero mas sino aunque porque pues si como cuando donde mientras cómo cuándo dónde no
ser soy eres es somos sois son era eras éramos eran fui fue fuimos fueron sea sean siendo sido será serán sería serían fuera
fueran estar estoy estás está estamos están estaba estábamos estaban estuvo estuvieron esté estén estando estado
haber he has ha hemos han había habías habíamos habían hay hubo haya hayan habiendo habido habrá habrán habría habrían hubiera
hubieran
"""
FUNCTION_WORDS: dict[str, frozenset[str]] = {"en": frozenset(ENGLISH.split()), "es": frozenset(SPANISH.split())}


def share_of_function_words(words: Iterable[str], language: str | None) -> float | None:
    """Share of bare words (verso.language_modelling.style) that are function words of a language; None without word or list."""
    known = FUNCTION_WORDS.get(language or "")
    own = [word.replace("’", "'") in known for word in words] if known else []
    return sum(own) / len(own) if own else None


class Languages:
    """The language of each group: that of most of its first DOCUMENTS texts, by their letters (py3langid)."""

    def __init__(self) -> None:
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._counts: dict[str, Counter[str]] = {}

    def add(self, text: str, group: str) -> None:
        """Count a text in."""
        counts = self._counts.setdefault(group, Counter())
        if counts.total() < DOCUMENTS:
            counts[self._identifier.classify(text[:READ])[0]] += 1

    def found(self) -> Mapping[str, str]:
        """The code of each group's language; one that has no list is among them, too."""
        return {group: counts.most_common(1)[0][0] for group, counts in self._counts.items()}
