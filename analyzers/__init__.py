"""Turns text into the terms that the engine stores, the same way for documents and queries."""

from analyzers.names import NameQuery, NameTerms, analyse_name, name_query_terms
from analyzers.normalise import normalise, shape
from analyzers.offsets import Normalised, normalise_with_offsets, shape_with_offsets
from analyzers.segment import Cut, UserWord, cut_with
from analyzers.spelling import find_spelled
from analyzers.text import Terms, analyse
from analyzers.tokens import Token, pieces_beside_han, tokens
from analyzers.version import ANALYSIS_VERSION, SPOKEN

__all__ = [
    "ANALYSIS_VERSION",
    "SPOKEN",
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
    "find_spelled",
    "name_query_terms",
    "normalise",
    "normalise_with_offsets",
    "pieces_beside_han",
    "shape",
    "shape_with_offsets",
    "tokens",
]
