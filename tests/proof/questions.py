"""What callers ask, in parts: from these come the query box and the parameters, and what must be found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from proof.companies import DIRECT, HOURS, NOBODY, ROOMS, USERS, Draw
from proof.words import HAN, NUMBER, PAIRS, WORDS, Way, Word

MOST_HITS = 50
CHINESE = {"from": "发送人", "in": "群聊", "type": "类型", "before": "早于", "after": "晚于", "has": "包含"}


@dataclass(frozen=True)
class Typed:
    """A word as somebody typed it; in a way that it has not, as it is written."""

    word: Word
    way: Way = "written"

    def __post_init__(self) -> None:
        if not self.word.has(self.way):
            object.__setattr__(self, "way", "written")

    def __repr__(self) -> str:
        return f"{self.word} by {self.way}"

    @property
    def text(self) -> str:
        return self.word.typed(self.way)


@dataclass(frozen=True)
class Condition:
    """One operator. `value`: a text, or one word of a name; `boxed`: in the query box, else a parameter beside it."""

    name: str
    value: str | Typed
    negated: bool = False
    boxed: bool = True
    chinese: bool = False

    @property
    def text(self) -> str:
        return self.value if isinstance(self.value, str) else self.value.text

    @property
    def in_box(self) -> str:
        name = f"{CHINESE[self.name]}：" if self.chinese else f"{self.name}:"
        quoted = f'"{self.text}"' if " " in self.text else self.text
        return f"{'-' if self.negated else ''}{name}{quoted}"


@dataclass(frozen=True)
class Question:
    """`verticals`: None asks for all. A `limit` below MOST_HITS is walked page by page to the end."""

    words: Sequence[Typed] = ()
    phrases: Sequence[tuple[Word, ...]] = ()
    excluded: Sequence[Word] = ()
    conditions: Sequence[Condition] = ()
    verticals: Sequence[str] | None = None
    sort: str = "relevance"
    limit: int = MOST_HITS

    def __repr__(self) -> str:
        return f"Question({self.params})"

    @property
    def text(self) -> str:
        """The plain text, which is what may be corrected."""
        return " ".join(word.text for word in self.words)

    @property
    def q(self) -> str:
        phrases = [f'"{" ".join(word.written for word in phrase)}"' for phrase in self.phrases]
        excluded = [f"-{word.written}" for word in self.excluded]
        boxed = [condition.in_box for condition in self.conditions if condition.boxed]
        return " ".join([*filter(None, [self.text]), *phrases, *excluded, *boxed])

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `GET /v1/search`."""
        beside = {condition.name: condition.text for condition in self.conditions if not condition.boxed}
        asked = {"verticals": ",".join(self.verticals)} if self.verticals else {}
        order = {} if self.sort == "relevance" else {"sort": self.sort}
        # `in` has the name `conversation` beside the box.
        named = {"conversation" if name == "in" else name: value for name, value in beside.items()}
        return {"q": self.q, "limit": self.limit, **order, **named, **asked}


_one_of = st.sampled_from
_rarely = _one_of((False, False, False, True))
_user = _one_of((*USERS, NOBODY))
_hour = st.integers(0, HOURS).map("hour:{}".format)
_name = st.lists(_one_of(WORDS), min_size=1, max_size=2).map(lambda name: " ".join(word.written for word in name))
_KINDS = ("doc", "file", "user", "department", "conversation", "group", "direct", "web", "text")
_condition = st.one_of(
    st.builds(Condition, st.just("from"), st.builds(Typed, _one_of(WORDS[:5])), st.booleans(), chinese=st.booleans()),
    st.builds(Condition, st.just("from"), _user, boxed=st.booleans()),
    st.builds(Condition, st.just("from"), st.builds(Typed, _one_of(HAN), st.just("pinyin")), boxed=st.booleans()),
    st.builds(Condition, st.just("in"), st.builds(Typed, _one_of(WORDS[:5])), st.booleans()),
    st.builds(Condition, st.just("in"), _one_of((*ROOMS, *DIRECT, NOBODY)), boxed=st.booleans()),
    st.builds(Condition, st.just("in"), _name, boxed=st.just(False)),
    st.builds(Condition, st.just("type"), _one_of(_KINDS), st.booleans(), chinese=st.booleans()),
    st.builds(Condition, st.just("has"), _one_of(("file", "link", "image")), st.booleans()),
    st.builds(Condition, _one_of(("before", "after")), _hour, boxed=st.booleans()),
)
_way = _one_of(("written", "written", "written", "written", "pinyin", "initials", "slip"))
_typed = st.builds(Typed, _one_of((*WORDS, NUMBER)), st.just("written"))
_typed_somehow = st.builds(Typed, _one_of(WORDS), _way)
_phrase = _one_of([(word,) for word in (*WORDS, NUMBER)]) | _one_of(PAIRS)
_VERTICALS = ("messages", "contacts", "docs", "apps")
_verticals = _one_of((*(None,) * 6, *((name,) for name in _VERTICALS), ("messages", "docs"), ("contacts", "apps")))


@st.composite
def question(draw: Draw[Any]) -> Question:
    """A word, a phrase or an operator, and what may go with it."""
    form = draw(_one_of((*("word", "phrase", "phrase") * 2, "words", "operator", "word and operator", "two of all")))
    words = {"word": 1, "words": 2, "word and operator": 1}.get(form, 0)
    phrases = {"phrase": 1, "two of all": 1}.get(form, 0)
    conditions = {"operator": 1, "word and operator": 1, "two of all": 2}.get(form, 0)
    asked = [draw(_condition) for _ in range(conditions)]
    if form == "operator" and asked[0].negated:
        phrases = 1
    if len({condition.name for condition in asked}) < len(asked):
        asked = asked[:1]
    return Question(
        words=[draw(_typed_somehow) for _ in range(words)],
        phrases=[draw(_phrase) for _ in range(phrases)],
        excluded=[draw(_one_of(WORDS))] if draw(_rarely) and form == "words" else [],
        conditions=asked,
        verticals=draw(_verticals),
        sort=draw(_one_of(("relevance", "relevance", "relevance", "newest", "oldest"))),
        limit=draw(_one_of((MOST_HITS, MOST_HITS, MOST_HITS, 2))),
    )
