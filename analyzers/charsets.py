"""Classes of characters for regular expressions, so that every module draws the same borders between scripts."""

import unicodedata
from collections.abc import Iterable

# Each constant is the inside of a regular expression's [...] class.
HAN = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001afff\U0001b000-\U0001b16f"
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uffa1-\uffdc"
# Scripts without blanks between words: as for Han, single characters and pairs are what finds them.
UNSPACED = KANA + HANGUL + "\u3105-\u312f\u31a0-\u31bf\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f"
JAMO = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\ud7b0-\ud7fb\uffa1-\uffdc"
FLAG = "\U0001f1e6-\U0001f1ff"
SKIN = "\U0001f3fb-\U0001f3ff"
EMOJI = (
    "\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\U0001f000-\U0001faff"
)
# Characters that cannot be seen and would make equal texts differ: controls, zero-width and bidi marks, fillers,
# variation selectors, keycap frames, tags; lone surrogates, which no encoder takes.
INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20dd-\u20e4\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Prepended marks of Unicode's grapheme rules (GCB=Prepend), and the viramas that join Indic conjuncts.
PREPEND = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3\U0001193f"
VIRAMA = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2\u1a60\ua9c0"


def ranges(characters: Iterable[str]) -> str:
    """Return ascending `characters` as ranges for the inside of [...]; ranges compile faster than single characters."""
    found: list[list[int]] = []
    for point in map(ord, characters):
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in found)


# All combining marks, as this Python's Unicode has them; beyond plane 1 there are variation selectors only.
MARKS = ranges(mark for mark in map(chr, range(0x300, 0x1F000)) if unicodedata.category(mark)[0] == "M")
# What joins a grapheme cluster after its base character; halfwidth voicing marks and Thai/Lao AM included.
EXTENDING = MARKS + SKIN + "\u0e33\u0eb3\u200c\u200d\uff9e\uff9f\U000e0020-\U000e007f"
