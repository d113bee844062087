"""The command line: `office-search …`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from search.cli.evaluate import evaluate
from search.core.errors import ConfigurationError, OfficeSearchError
from search.shell import console, fail, log, run, settings

app = typer.Typer(
    name="office-search",
    help="One search over messages, people, docs and apps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
apps = typer.Typer(help="The app store.", no_args_is_help=True)
app.add_typer(apps, name="apps")
app.add_typer(evaluate, name="eval")
recommend = typer.Typer(help="What the use of apps tells, and recommends.", no_args_is_help=True)
app.add_typer(recommend, name="recommend")


def main() -> None:
    """Run the command line; print every foreseen failure as one sentence, and exit with a status."""
    from opensearchpy.exceptions import OpenSearchException

    try:
        app()
    except OfficeSearchError as error:
        fail(str(error), 2 if isinstance(error, ConfigurationError) else 1)
    except OpenSearchException as error:
        fail(f"OpenSearch refused or does not answer: {str(error)[:300]}", 1)
    except KeyboardInterrupt:
        fail("Stopped.", 130)


Restart = Annotated[bool, typer.Option("--restart", help="Discard a build that was cut off, and begin anew.")]


@app.command()
def up() -> None:
    """Start the managed local stack: OpenSearch and NATS, on loopback."""
    from search.commands.stack import run_up

    run_up(settings(), console)


@app.command()
def down() -> None:
    """Stop the managed local stack; its data stay."""
    from search.commands.stack import run_down

    run_down(settings(), console)


@app.command()
def status() -> None:
    """Show the stack, the generations and how far each consumer is behind."""
    from search.commands.endpoints import resolve
    from search.commands.stack import run_status
    from search.commands.status import show

    chosen = settings()
    run_status(chosen, console)
    run(show(chosen, resolve(chosen), console))


class Lane(StrEnum):
    """What a process of the indexers takes care of."""

    ACCESS = "access"
    CONTENTS = "contents"


OnlyLane = Annotated[Lane | None, typer.Option("--only", help="Run one of the two processes alone.")]
EndsWithStdin = Annotated[bool, typer.Option("--end-with-stdin", hidden=True)]


@app.command()
def index(only: OnlyLane = None, ends_with_stdin: EndsWithStdin = False) -> None:
    """Run the indexers: follow the streams and write to the engine, until Ctrl-C."""
    from search.commands.endpoints import resolve
    from search.commands.index import run_indexers

    chosen = settings()
    log(chosen)
    run(run_indexers(chosen, resolve(chosen), only.value if only else None, ends_with_stdin=ends_with_stdin))


@app.command()
def serve() -> None:
    """Run the query API, until Ctrl-C."""
    from search.commands.endpoints import resolve
    from search.commands.serve import run_api

    chosen = settings()
    log(chosen)
    run_api(chosen, resolve(chosen))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the query API, as JSON; needs no engine, broker or setting."""
    from search.commands.openapi import document

    sys.stdout.write(document())


@app.command()
def load(files: Annotated[list[Path], typer.Argument(help="Files of events, one CloudEvent in JSON a line.")]) -> None:
    """Publish event files to the streams."""
    from search.access import audit
    from search.commands.endpoints import resolve
    from search.commands.load import load_files

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.load", files=" ".join(map(str, files))):
        run(load_files(chosen, resolve(chosen), files, console))


@app.command()
def reindex(
    vertical: Annotated[str, typer.Argument(help="Its name, such as messages; also usage.")],
    restart: Restart = False,
) -> None:
    """Build a vertical's index anew beside the one that serves, and swap."""
    from search.access import audit
    from search.commands.endpoints import resolve
    from search.commands.reindex import reindex_vertical

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.reindex", vertical=vertical, restart=restart):
        run(reindex_vertical(chosen, resolve(chosen), vertical, console, restart=restart))


@app.command("accept-gap")
def accept_gap(
    stream: Annotated[str | None, typer.Option(help="Such as changes.access; without it, of every stream.")] = None,
) -> None:
    """Say that what a lost stream held has been published again, or is given up; see `status`."""
    from search.access import audit
    from search.commands.accept_gap import accept_gap as accept
    from search.commands.endpoints import resolve

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.accept_gap", stream=stream):
        run(accept(chosen, resolve(chosen), stream, console))


@app.command()
def rebuild(
    vertical: Annotated[str, typer.Argument(help="Its name, such as messages; also usage and directory.")],
    tenant: Annotated[
        str | None, typer.Option(help="Fill this tenant's index alone; the others' are not touched.")
    ] = None,
    restart: Restart = False,
) -> None:
    """Build a vertical's index from the beginning of its stream, as after an index was lost, and swap."""
    from search.access import audit
    from search.commands.endpoints import resolve
    from search.commands.reindex import rebuild_vertical, refill_tenant

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.rebuild", vertical=vertical, tenant=tenant, restart=restart):
        if tenant is None:
            run(rebuild_vertical(chosen, resolve(chosen), vertical, console, restart=restart))
        else:
            run(refill_tenant(chosen, resolve(chosen), vertical, tenant, console, restart=restart))


@app.command()
def analyze(
    text: Annotated[str, typer.Argument(help="Any text, such as a query or a name.")],
    tenant: Annotated[str, typer.Option(help="With this tenant's own words and synonyms.")] = "",
) -> None:
    """Show every step of the analysis: normalised, pieces, words, bigrams, pinyin, synonyms."""
    from analyzers import load_lexicons
    from search.commands.analyze import show

    show(text, console, load_lexicons(settings().analysis.lexicons).of(tenant))


@app.command()
def explain(
    tenant: Annotated[str, typer.Option(help="The tenant of both.")],
    user: Annotated[str, typer.Option(help="Who does or does not find it, by id.")],
    vertical: Annotated[str, typer.Option(help="Its name, such as messages.")],
    id: Annotated[str, typer.Option(help="The entity's id, such as m-1001; of a contact also user:u-12.")],
    q: Annotated[str, typer.Option(help="What they search for; without it, whether they may see it at all.")] = "",
    admin: Annotated[
        str, typer.Option("--as", help="Tell what this admin of the tenant would be told, and no more.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell why a user does or does not find something; without --as everything, as the engine is yours to read."""
    from search.access import audit
    from search.commands.endpoints import resolve
    from search.commands.explain import inquire
    from search.explain.explainer import Inquiry

    chosen = settings()
    log(chosen)
    about = {"tenant": tenant, "vertical": vertical, "id": id, "user": user, "admin": admin or None}
    with audit.action(chosen.audit, "admin.explain", q=q or None, **about):
        inquiry = Inquiry(vertical, id, user, q)
        run(inquire(chosen, resolve(chosen), tenant, inquiry, console, admin=admin, as_json=json))


@recommend.command()
def train(
    tenant: Annotated[str | None, typer.Option(help="Of this tenant alone.")] = None,
    due: Annotated[bool, typer.Option("--due", help="Of those tenants alone whose daily turn it is.")] = False,
    ends_with_stdin: EndsWithStdin = False,
) -> None:
    """Make the figures of apps anew from what people use, and swap; the indexers do so every day."""
    from search.access import audit
    from search.commands.endpoints import resolve
    from search.commands.recommend import train as train_tenants
    from search.commands.recommend_job import while_stdin_is_open

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.recommend", tenant=tenant, due=due):
        training = train_tenants(chosen, resolve(chosen), console, tenant=tenant, due=due)
        run(while_stdin_is_open(training) if ends_with_stdin else training)


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the search page; another one if it is taken.")
    ] = 8080,
    events: Annotated[Path | None, typer.Option(help="Also write the demo company's event files here.")] = None,
) -> None:
    """Start everything with a made-up company, and print the URL of a search page."""
    from search.demo.run import run_demo

    run_demo(settings(), console, port=port, events=events)


@apps.command("report")
def apps_report(
    tenant: Annotated[str, typer.Option(help="Whose store.")],
    admin: Annotated[str, typer.Option("--as", help="The admin of the tenant whose report it is, by id.")],
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Tell how apps are found and used: who sees and opens them, and what people look for that no app serves."""
    from search.access import audit
    from search.commands.apps_report import report
    from search.commands.endpoints import resolve

    chosen = settings()
    log(chosen)
    with audit.action(chosen.audit, "admin.apps", tenant=tenant, admin=admin):
        run(report(chosen, resolve(chosen), tenant, admin, console, as_json=json))
