"""The verticals, found by looking: a module in this folder that defines VERTICAL is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from mappings.vertical import Vertical


def _discover() -> dict[str, Vertical]:
    modules = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
    found: list[Vertical] = [module.VERTICAL for module in modules]
    return {vertical.name: vertical for vertical in sorted(found, key=lambda vertical: vertical.order)}


VERTICALS: Mapping[str, Vertical] = MappingProxyType(_discover())
"""By name, in the order in which equally ranked hits go."""
