"""A typed client of Office Search, sync and async."""

from office_search_client.async_client import AsyncClient, AsyncGetToken
from office_search_client.client import Client, GetToken
from office_search_client.models import (
    Answer,
    Click,
    Fact,
    Filter,
    Hit,
    Labels,
    Question,
    Recent,
    RecentSearch,
    Said,
    Suggestion,
    Suggestions,
    SuggestQuestion,
    Surroundings,
    Vertical,
    Verticals,
)
from office_search_client.problem import Problem
from office_search_client.tokens import Reason

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncGetToken",
    "Click",
    "Client",
    "Fact",
    "Filter",
    "GetToken",
    "Hit",
    "Labels",
    "Problem",
    "Question",
    "Reason",
    "Recent",
    "RecentSearch",
    "Said",
    "SuggestQuestion",
    "Suggestion",
    "Suggestions",
    "Surroundings",
    "Vertical",
    "Verticals",
]
