"""Turns text into the terms that the engine stores, the same way for documents and queries."""

from analyzers.lexicon import PLAIN, Lexicon, Lexicons, load_lexicons
from analyzers.names import NameQuery, NameTerms, analyse_name, name_query_terms
from analyzers.normalise import normalise, shape
from analyzers.offsets import Normalised, normalise_with_offsets, shape_with_offsets
from analyzers.segment import Segmenter, UserWord, segmenter_with
from analyzers.spelling import find_misspelled, find_spelled
from analyzers.text import Terms, analyse
from analyzers.tokens import Token, pieces_beside_han, tokens
from analyzers.version import ANALYSIS_VERSION, SUPPORTED_ANALYSIS_VERSIONS
from analyzers.wishes import Wish, wishes

__all__ = [
    "ANALYSIS_VERSION",
    "PLAIN",
    "SUPPORTED_ANALYSIS_VERSIONS",
    "Lexicon",
    "Lexicons",
    "NameQuery",
    "NameTerms",
    "Normalised",
    "Segmenter",
    "Terms",
    "Token",
    "UserWord",
    "Wish",
    "analyse",
    "analyse_name",
    "find_misspelled",
    "find_spelled",
    "load_lexicons",
    "name_query_terms",
    "normalise",
    "normalise_with_offsets",
    "pieces_beside_han",
    "segmenter_with",
    "shape",
    "shape_with_offsets",
    "tokens",
    "wishes",
]
