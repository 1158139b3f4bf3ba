"""Measures how much of a text is copied verbatim from the training songs.

The texts to measure are few and small, the training songs many: so the texts become a suffix automaton (all their word
n-grams, in space linear in their length), and the songs are streamed through it once. Memory does not grow with
the training songs, and time is linear in them. All measures follow from the longest run that ends at each word.

Source of the automaton: Blumer et al. 1985 (The smallest automaton recognizing the subwords of a text).
"""

from collections.abc import Iterable, Sequence

CONTAINMENT = (5, 8)  # words: 5 sometimes match by idiom, 8 hardly without copying


class SuffixAutomaton:
    """A suffix automaton of word runs in some texts; each state is a class of runs that end at the same places.

    The runs of a state are the suffixes of its longest one, of lengths length[link[state]] + 1 to length[state].
    """

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        self.following: list[dict[str, int]] = [{}]
        self.link = [-1]
        self.length = [0]
        for text in texts:
            last = 0
            for word in text:
                last = self._append(last, word)

    def _append(self, last: int, word: str) -> int:
        """The state after appending `word` to the run at `last`; created if it is new."""
        known = self.following[last].get(word)
        if known is not None:  # seen before, in this text or another
            return known if self.length[known] == self.length[last] + 1 else self._split(last, word, known)
        state = self._state(self.length[last] + 1, {}, 0)
        at = last
        while at != -1 and word not in self.following[at]:
            self.following[at][word] = state
            at = self.link[at]
        if at != -1:
            target = self.following[at][word]
            self.link[state] = target if self.length[target] == self.length[at] + 1 else self._split(at, word, target)
        return state

    def _split(self, at: int, word: str, target: int) -> int:
        """Split the runs of `target` that end in more places than the others into a new state."""
        clone = self._state(self.length[at] + 1, dict(self.following[target]), self.link[target])
        self.link[target] = clone
        while at != -1 and self.following[at].get(word) == target:
            self.following[at][word] = clone
            at = self.link[at]
        return clone

    def _state(self, length: int, following: dict[str, int], link: int) -> int:
        self.length.append(length)
        self.following.append(following)
        self.link.append(link)
        return len(self.length) - 1


def longest_matches(texts: Sequence[Sequence[str]], training: Iterable[Sequence[str]]) -> list[list[int]]:
    """For each word of each text, the length of the longest run ending there that some training text contains.

    texts, training: words; a run never crosses from one training text into the next. training is read once.
    """
    automaton = SuffixAutomaton(texts)
    following, link, length = automaton.following, automaton.link, automaton.length
    best = [0] * len(length)  # longest run of each state seen in training
    for song in training:
        state = matched = 0
        for word in song:
            while state and word not in following[state]:
                state = link[state]
                matched = length[state]
            if word in following[state]:
                state = following[state][word]
                matched += 1
                best[state] = max(best[state], matched)
    for state in sorted(range(1, len(best)), key=length.__getitem__, reverse=True):
        if best[state]:  # a run was seen with all its shorter suffixes
            best[link[state]] = length[link[state]]
    return [_endings(text, following, link, best) for text in texts]


def _endings(text: Sequence[str], following: list[dict[str, int]], link: list[int], best: list[int]) -> list[int]:
    state = 0
    result = []
    for word in text:
        state = following[state][word]  # the text itself is in the automaton, so a transition exists
        seen = state
        while seen and not best[seen]:
            seen = link[seen]
        result.append(best[seen])
    return result


def measure_memorisation(words: Sequence[str], matches: Sequence[int]) -> dict[str, float | int | None]:
    """Longest verbatim run in words and in characters (single spaces between words), and n-gram containment.

    matches: as longest_matches gives for these words. containment_n: share of the text's n-grams that occur in a training
    text, None for a text of fewer than n words. Of several longest runs the one with most characters is returned.
    """
    longest = max(matches, default=0)
    runs = [" ".join(words[end - longest + 1 : end + 1]) for end, match in enumerate(matches) if match == longest]
    result: dict[str, float | int | None] = {
        "longest_run_words": longest,
        "longest_run_characters": max(map(len, runs), default=0),
    }
    for n in CONTAINMENT:
        ends = matches[n - 1 :]
        result[f"containment_{n}"] = sum(match >= n for match in ends) / len(ends) if ends else None
    return result
