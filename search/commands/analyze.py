"""`office-search analyze`: shows every step from a text to its terms."""

from __future__ import annotations

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from analyzers import ANALYSIS_VERSION, PLAIN, Lexicon, analyse, analyse_name, name_query_terms, normalise, tokens


def show(text: str, console: Console, lexicon: Lexicon = PLAIN) -> None:
    """Print every step of the analysis of `text` as a table."""
    terms, name, typed = analyse(text, lexicon.segmenter), analyse_name(text), name_query_terms(text)
    table = Table("step", Column("result", overflow="fold"), title=f"Analysis {ANALYSIS_VERSION}", show_lines=True)
    steps = (
        ("normalised", normalise(text)),
        (
            "pieces",
            "  ".join(
                f"{token.text} ({token.kind} {token.start}-{token.end})" for token in tokens(text, lexicon.segmenter)
            ),
        ),
        ("words", terms.words),
        ("bigrams", terms.bigrams),
        ("characters", terms.chars),
        ("as a name: pinyin", " ".join(name.pinyin)),
        ("as a name: initials", " ".join(name.initials)),
        ("as a name: from within", " ".join(name.inner)),
        ("as typed for a name", " ".join((*typed.pinyin, *typed.initials, *typed.chars))),
        ("in synonyms", "\n".join(lexicon.variants(text))),
    )
    for step, result in steps:
        table.add_row(step, Text(result))
    console.print(table)
