"""Find texts that are two spellings of one thing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Hashable, Iterator, Mapping

from pipeline.data.rows.cells import ALIKE, INVISIBLE, NO, YES, number_in

# How numbers may be written, beside the usual way.
WRITTEN: tuple[Mapping[str, str], ...] = (
    {},
    {"decimal": ","},
    {"thousands": ","},
    {"decimal": ",", "thousands": "."},
)
QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u201a\u00b4`", "'") | dict.fromkeys("“”„", '"'))
# Marks that join words, and those that end a text.
MARKS = re.compile(r"(?<=[^\W\d])[-_](?=[^\W\d])|(?<=\w)[.:;,!]+$")


def same_spelling(texts: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the pairs of texts that a reader would take for one, and by what they differ."""
    known: dict[Hashable, str] = {}
    truth = {text.strip().lower() for text in texts} <= YES | NO
    for text in texts:
        plain = _plain(text)
        unmarked = MARKS.sub("", plain.translate(ALIKE).translate(QUOTES))
        keys: list[tuple[Hashable, str]] = [(("word", plain), "case or blanks")]
        keys += [(("number", value), "how a number is written") for value in _numbers(text)]
        keys.append((("marks", unmarked), "marks such as hyphens and quotes"))
        if truth:
            keys.append((("truth", plain in YES), "how yes and no are written"))
        twins = [(known.setdefault(key, text), difference) for key, difference in keys]
        pair = next(((twin, difference) for twin, difference in twins if twin != text), None)
        if pair is not None:
            yield pair[0], text, pair[1]


def _plain(text: str) -> str:
    visible = unicodedata.normalize("NFKC", text).translate(dict.fromkeys(INVISIBLE))
    return "".join(visible.split()).casefold()


def _numbers(text: str) -> Iterator[float]:
    """Yield what a text may mean as a number."""
    digits = text.strip().lstrip("+-")
    # Of whole numbers, double precision takes some for equal that differ.
    if digits.isdecimal():
        yield int(text)
        return
    for written in WRITTEN if "," in text else WRITTEN[:1]:
        number = number_in(text, written)
        # No number is equal to itself: nan.
        if number is not None and number == number:
            yield number
