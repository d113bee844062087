"""The viewer of an explanation, who decides what may be told: an admin within a tenant, or an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mappings.vertical import Vertical
from search.access.filter import admits, admits_module, module_refusal
from search.access.principal import Principal
from search.access.reader import Reader
from search.core.errors import AdminRequired

MODULE: Final = "admin.explain"


class Viewer(Protocol):
    """Who asks. `reader`: reads of the user's search only what the viewer may know."""

    @property
    def tenant(self) -> str: ...

    @property
    def reader(self) -> Reader: ...

    def reaches(self, department_ids: Sequence[str]) -> bool:
        """Return whether they may ask about an entity of these departments; others do not exist for them."""
        ...

    def finds(self, vertical: Vertical, id: str, document: Mapping[str, Any]) -> bool:
        """Return whether their own search could find the entity; if not, they are told only which rule decides."""
        ...

    def may_name(self, principal: str) -> bool:
        """Return whether they may be told this principal, which decides over an entity that they find."""
        ...

    @property
    def reads_allow(self) -> bool:
        """Whether they may be told the whole `allow` of an entity; searches through their reader do not show it."""
        ...


@dataclass(frozen=True)
class Admin:
    """A user with the module, everywhere or within departments; told no more than their own search would show."""

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
    """An operator with the engine's credentials, who could read everything there anyway."""

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
    """Raise AdminRequired unless the caller may ask for explanations about entities of this vertical."""
    if not principal.may_call(MODULE):
        raise AdminRequired(f"You may not ask for explanations: none of your roles has the module {MODULE}.")
    if vertical.in_conversations and module_refusal(principal, MODULE, ()):
        raise AdminRequired(
            f"Your roles have the module {MODULE} only within departments, and {vertical.name} name none."
        )
