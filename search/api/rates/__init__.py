"""Rate limits per caller and per app, counted in this process or in a store that all processes share."""

from search.api.rates.rates import Rates

__all__ = ["Rates"]
