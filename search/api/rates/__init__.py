"""How often a caller and an app may ask, counted in this process or in a store that all processes share."""

from search.api.rates.rates import Rates

__all__ = ["Rates"]
