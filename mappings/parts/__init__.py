"""The parts that a vertical is made of; each owns its fields in the index, and fills them."""

from mappings.parts.access import AllowList, Discovery, InConversation
from mappings.parts.display import AS_IT_IS, Display, Fact, Joined, Labels, Shown
from mappings.parts.fields import Field, Part
from mappings.parts.filtering import Choice, Filter, Filtered
from mappings.parts.matching import Matching
from mappings.parts.ranking import Ranking
from mappings.parts.suggesting import Suggested
from mappings.parts.texts import Text

__all__ = [
    "AS_IT_IS",
    "AllowList",
    "Choice",
    "Discovery",
    "Display",
    "Fact",
    "Field",
    "Filter",
    "Filtered",
    "InConversation",
    "Joined",
    "Labels",
    "Matching",
    "Part",
    "Ranking",
    "Shown",
    "Suggested",
    "Text",
]
