"""Who asks for an explanation, and what they may be told: an admin within a tenant, or the machine's operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mappings.vertical import Vertical
from search.access.filter import admits, admits_module, module_refusal
from search.access.principal import Principal
from search.access.reader import Reader
from search.core.errors import Forbidden

MODULE: Final = "admin.explain"


class Viewer(Protocol):
    """`reader` shows of a user's search what the viewer may learn of it."""

    @property
    def tenant(self) -> str: ...

    @property
    def reader(self) -> Reader: ...

    def reaches(self, department_ids: Sequence[str]) -> bool:
        """Whether they may ask about an entity of these departments; what is out of reach is not there for them."""
        ...

    def finds(self, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
        """Whether a search of their own could find it; of anything else no fact is told, only which rule decides."""
        ...

    def may_name(self, principal: str) -> bool:
        """Whether they may be told a principal that decides over an entity which they find."""
        ...

    @property
    def reads_allow(self) -> bool:
        """Whether they may be told all that an entity is open to, which not even a search of its reader's shows."""
        ...


@dataclass(frozen=True)
class Admin:
    """Somebody with the module, everywhere or within departments; never more than their own search would show."""

    principal: Principal
    reader: Reader

    @property
    def tenant(self) -> str:
        return self.principal.tenant

    def reaches(self, department_ids: Sequence[str]) -> bool:
        return module_refusal(self.principal, MODULE, department_ids) is None

    def finds(self, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
        return admits(self.principal, vertical, id, document) and admits_module(self.principal, vertical, document)

    def may_name(self, principal: str) -> bool:
        kind, _, id = principal.partition(":")
        return kind != "conversation" or self.principal.finds_conversation(id)

    @property
    def reads_allow(self) -> bool:
        return False


@dataclass(frozen=True)
class Operator:
    """Whoever holds the engine's credentials can read everything there anyway."""

    tenant: str
    reader: Reader

    def reaches(self, department_ids: Sequence[str]) -> bool:
        return True

    def finds(self, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
        return True

    def may_name(self, principal: str) -> bool:
        return True

    @property
    def reads_allow(self) -> bool:
        return True


def require(principal: Principal, vertical: Vertical) -> None:
    """Raises Forbidden unless the caller may ask for explanations about something of this vertical."""
    if not principal.may_call(MODULE):
        raise Forbidden(f"You may not ask for explanations: none of your roles has the module {MODULE}.")
    if vertical.in_conversations and module_refusal(principal, MODULE, ()):
        raise Forbidden(f"Your roles have the module {MODULE} only within departments, and {vertical.name} name none.")
