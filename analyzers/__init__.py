"""Turns text into the terms that the engine stores, the same way for documents and queries."""

from analyzers.names import NameQuery, NameTerms, analyse_name, name_query_terms
from analyzers.normalise import normalise
from analyzers.offsets import Normalised, normalise_with_offsets
from analyzers.segment import Cut, UserWord, cut_with
from analyzers.text import Terms, analyse
from analyzers.tokens import Token, tokens
from analyzers.version import ANALYSIS_VERSION

__all__ = [
    "ANALYSIS_VERSION",
    "Cut",
    "NameQuery",
    "NameTerms",
    "Normalised",
    "Terms",
    "Token",
    "UserWord",
    "analyse",
    "analyse_name",
    "cut_with",
    "name_query_terms",
    "normalise",
    "normalise_with_offsets",
    "tokens",
]
