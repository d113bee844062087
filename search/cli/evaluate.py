"""The command line: `office-search eval …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from search.core.errors import ConfigurationError
from search.shell import console, settings

evaluate = typer.Typer(help="Measure what a search finds, and what it must not show.", no_args_is_help=True)


@evaluate.command("known-items")
def known_items(
    data: Annotated[Path, typer.Option(help="A company: event files, queries.jsonl, negative.jsonl.")],
    url: Annotated[str | None, typer.Option(help="A running service instead of a temporary one of its own.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here too.")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Play names against the suggestions.")] = False,
    store: Annotated[bool, typer.Option("--store", help="Play apps against the app store.")] = False,
) -> None:
    """Play known questions and forbidden answers; exit 1 on any leak."""
    from search.evaluate.known_items import Asked, run_known_items

    if suggest and store:
        raise ConfigurationError("--suggest and --store are two evaluations; ask for one at a time.")
    of: Asked = "suggest" if suggest else "store" if store else "search"
    if run_known_items(settings(), data, console, url=url, json_file=json, of=of):
        raise typer.Exit(1)


@evaluate.command("relevance")
def relevance(
    data: Annotated[Path, typer.Option(help="A judged set: docs.jsonl, queries.jsonl, qrels.tsv.")],
    json: Annotated[Path | None, typer.Option(help="Write the figures here too.")] = None,
) -> None:
    """Answer judged questions with the product and with the engine's standard analyzer, and compare."""
    from search.evaluate.relevance import run_relevance

    run_relevance(settings(), data, console, json_file=json)


@evaluate.command("recommend")
def evaluate_recommend(
    data: Annotated[Path, typer.Option(help="A company: event files, usage_holdout.jsonl.")],
    json: Annotated[Path | None, typer.Option(help="Write the figures here too.")] = None,
) -> None:
    """Recommend apps and compare with what people then took up; exit 1 where one may not see an app."""
    from search.evaluate.recommend import run_recommend

    if run_recommend(settings(), data, console, json_file=json).hidden:
        raise typer.Exit(1)
