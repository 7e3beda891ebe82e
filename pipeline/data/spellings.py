"""Find texts that are two spellings of one thing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from pipeline.data.rows.cells import number_in

# They take no place on the screen, or look like a blank.
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def same_spelling(texts: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Yield the pairs of texts that a reader would take for one, and by what they differ."""
    numbers: dict[float, str] = {}
    words: dict[str, str] = {}
    for text in texts:
        twin = words.setdefault(_plain(text), text)
        if twin != text:
            yield twin, text, "case or blanks"
            continue
        number = number_in(text, {})
        # No number is equal to itself: nan.
        if number is not None and number == number:
            twin = numbers.setdefault(number, text)
            if twin != text:
                yield twin, text, "how a number is written"


def _plain(text: str) -> str:
    visible = unicodedata.normalize("NFKC", text).translate(INVISIBLE)
    return " ".join(visible.split()).casefold()
