"""What is asked and answered, generated from the OpenAPI document by `make clients`; not to be edited."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from office_search_client.base import Model


class AppReason(Model):
    kind: str
    text: str
    """For people, as plain text, in the language that was asked for; it names nobody."""

    app_id: str | None
    """The app of the caller's own, or the one asked about, that it speaks of."""


class Click(Model):
    """What the caller did with an answer: meant its question (`submit`), or saw, opened or dismissed a hit."""

    model_config = ConfigDict(
        extra="forbid",
    )
    query_id: str
    """Of the answer."""

    action: Literal["submit", "impression", "click", "open", "dismiss"]
    vertical: str | None = None
    """Of the hit; not with `submit`."""

    id: str | None = None
    """Of the hit; not with `submit`."""

    position: int | None = None
    """In the list as shown; else its place in the answer."""


class Count(Model):
    value: str
    count: int


class Hit(Model):
    vertical: str
    id: str
    score: float
    """Falls with the place in the list, in (0, 1]; says nothing else."""

    title: str
    """HTML-escaped; `<em>` is the only markup."""

    snippet: str
    """HTML-escaped; `<em>` is the only markup."""

    fields: dict[str, Any]


class Labels(Model):
    zh: str
    en: str


class Query(Model):
    text: str
    filters: dict[str, Any]
    corrected: str | None


class RecentSearch(Model):
    id: str
    text: str
    at: AwareDatetime
    """When it was last meant."""


class Recommended(Model):
    id: str
    title: str
    """HTML-escaped."""

    snippet: str
    """The beginning of its description, HTML-escaped."""

    access: str
    fields: dict[str, Any]
    use: dict[str, int]
    """How many people use it, rounded down to 10, 20, 50, …; absent where they are too few, or all."""

    rating: float | None
    """The mean, where enough people have rated it."""

    reason: AppReason


class RecommendedList(Model):
    """Apps, best first."""

    apps: list[Recommended]
    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class Said(Model):
    """A message; what a hit says of it, without marks and without a rank."""

    vertical: str
    id: str
    snippet: str
    """The whole text, HTML-escaped, line breaks kept; of a longer one 4,000 characters and …"""

    fields: dict[str, Any]
    """The same as a hit's."""


class Question(Model):
    """The parameters of a search. A POST sends the same as a JSON body, which keeps queries out of access logs."""

    model_config = ConfigDict(
        extra="forbid",
    )
    q: str = ""
    """What the search box holds, operators included."""

    verticals: str | None = None
    """Comma-separated; absent: all that the caller may search."""

    sort: Literal["relevance", "newest", "oldest"] = "relevance"
    limit: int = 20
    cursor: str | None = None
    """Of the answer before, for the next page; absent: the first."""

    timezone: str | None = None
    """An IANA name: where the days of dates begin, such as `Europe/Berlin`."""

    from_: Annotated[str | None, Field(alias="from")] = None
    """A person by id or name."""

    conversation: str | None = None
    """A conversation by id or name."""

    type: str | None = None
    """A kind: user, department, conversation, group, channel, direct, doc, sheet, slide, wiki, pdf, app, mini_program, web, bot, service_account, message, text, file, card, image."""

    has: str | None = None
    """What it holds: file, link, image."""

    after: str | None = None
    """A date; what is not older."""

    before: str | None = None
    """A date; what is older."""


class Section(Model):
    total: int
    relation: str


class SuggestQuestion(Model):
    """What is typed so far. A POST sends the same as a JSON body, which keeps it out of access logs."""

    model_config = ConfigDict(
        extra="forbid",
    )
    q: str = ""
    """What the search box holds so far."""

    limit: int = 8


class Suggestion(Model):
    kind: str
    vertical: str | None
    """Where the entity is; null for a query."""

    id: str | None
    """The entity's; null for a query."""

    title: str
    """Its name, HTML-escaped; `<em>` is the only markup."""

    detail: str
    """By what it is told from its namesakes; plain text."""

    why: str | None
    """The best reason why it is here."""

    fields: dict[str, Any]
    text: str | None
    """The whole query that it stands for, for the search box."""

    token: str | None
    """Behind an operator: it with this value, which means this one alone."""


class Suggestions(Model):
    """Suggestions, best first."""

    suggestions: list[Suggestion]
    failed: list[str]
    """Verticals whose backend did not answer in time."""

    partial: bool
    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class Surroundings(Model):
    """A message in its conversation, as the caller may see it now."""

    message: Said
    before: list[Said]
    """Those before it, oldest first, up to the message."""

    after: list[Said]
    """Those after it, oldest first."""

    has_more_before: bool
    """Whether the caller may see still earlier ones."""

    has_more_after: bool
    """Whether the caller may see still later ones."""

    title: str
    """The conversation's name, of a direct one the other person's; HTML-escaped."""


class Tab(Model):
    name: str
    labels: Labels
    tab: int
    """Its place among the tabs: lower ones come first."""


class Total(Model):
    value: int
    relation: str


class Value(Model):
    value: str
    vertical: str
    """The vertical that has it; a value that several have is there for each."""

    names: list[str]
    """What else it may be called in a query."""

    labels: Labels


class Answer(Model):
    """One ranked list of hits over the verticals that the caller may search."""

    hits: list[Hit]
    sections: dict[str, Section]
    query: Query
    denied: list[str]
    """Verticals for which none of the caller's roles has the module."""

    failed: list[str]
    """Verticals whose backend did not answer in time."""

    partial: bool
    cursor: str | None
    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class App(Model):
    id: str
    title: str
    """HTML-escaped; `<em>` is the only markup."""

    snippet: str
    """HTML-escaped; `<em>` is the only markup."""

    access: str
    """`request`: the caller may ask for it, at `fields.request_url` where there is one, but not open it."""

    fields: dict[str, Any]
    use: dict[str, int]
    """How many people use it, rounded down to 10, 20, 50, …; absent where they are too few, or all."""

    rating: float | None
    """The mean rating; null where it would tell of too few."""

    reason: AppReason | None


class AppList(Model):
    """Apps alone, each with its reason."""

    apps: list[App]
    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class AppPage(Model):
    """One app's page."""

    app: App
    description: str
    """All of it, as plain text."""

    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class Apps(Model):
    """One page of the store, with counts of what each choice would leave."""

    apps: list[App]
    total: Total
    facets: dict[str, list[Count]]
    """By facet: counted under what is chosen in the others."""

    query: Query
    cursor: str | None
    query_id: str
    """Names this answer, for `POST /v1/clicks`."""

    took_ms: int


class Fact(Model):
    field: str
    """The member of a hit's `fields`."""

    labels: Labels
    form: str
    """How its value is shown."""

    line: Labels | None
    """What the line below a hit says of it, with {} for the value; null: only the opened hit tells it."""

    otherwise: str | None
    """The member that stands in where a hit lacks this one."""

    filter: str | None
    """The filter that its values may be given to; its values' labels are theirs, those of the vertical."""


class Filter(Model):
    name: str
    """The operator's name, as answers have it in `query.filters`."""

    names: list[str]
    """Every name that the operator may be written by, its own first."""

    parameter: str
    """The parameter of the search that means the same."""

    labels: Labels
    kind: str
    """What its values are."""

    values: list[Value]
    """The values that there are; empty where they are not from a list."""


class Recent(Model):
    """The caller's own recent searches, newest first."""

    recent: list[RecentSearch]


class Vertical(Model):
    name: str
    labels: Labels
    tab: int
    """Its place among the tabs: lower ones come first."""

    icon: str
    """The name of a drawing; clients draw a general one for a name that they do not know."""

    title: str
    """Whose name a hit's title is: its own, or that of the conversation it was said in."""

    kind: Fact | None
    """What kind of thing a hit is: said first in the line below it, and, where clients have one, the name of a drawing that suits it better than the vertical's. Null: all are of one kind."""

    filters: list[str]
    """The filters that concern it, by name."""

    facts: list[Fact]
    """What a hit shows besides title and snippet, in this order."""

    link: str | None
    """The member of a hit's or suggestion's `fields` that holds where it opens; a link only if its value begins with http:// or https://. Null: they have none."""

    picture: str | None
    """The member of a hit's or suggestion's `fields` that holds where its picture is; to be shown only from `picture_hosts`. Null: they have none."""


class Verticals(Model):
    """The verticals that the caller may search, in the order of a client's tabs, and the filters that concern them."""

    verticals: list[Vertical]
    denied: list[Tab]
    """The names of the others, which answers have in `denied`, for a client that shows them as locked."""

    filters: list[Filter]
    picture_hosts: list[str]
    """The hosts from which pictures may be shown, by https alone; `*.` stands for every host below one, but not for that one itself. Others are not to be asked, as they would learn who sees what."""
