"""Clicks and recent searches: what answers showed, what was opened from them, and what a user searched lately."""

from search.feedback.feedback import Feedback
from search.feedback.noted import Action, Click, Noted, Reactions, Recent, Source

__all__ = ["Action", "Click", "Feedback", "Noted", "Reactions", "Recent", "Source"]
