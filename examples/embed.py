"""Serves the page that embeds the search box, on an origin of its own, with a strict policy and its own token source.

Run the demo with `OFFICE_SEARCH_API_ORIGINS=http://127.0.0.1:8090 office-search demo`, then `python examples/embed.py`.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent
FILES = {"/": "embed.html", "/embed.css": "embed.css", "/embed.js": "embed.js"}


class Host(SimpleHTTPRequestHandler):
    """The client's own server: its pages, and a token for its user, who is the demo's first."""

    def __init__(self, *args: object, search: str) -> None:
        self.search = search
        super().__init__(*args, directory=str(HERE))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/token":
            with urlopen(f"{self.search}demo/callers", timeout=5) as answer:  # noqa: S310
                self._answer("text/plain", json.load(answer)[0]["token"].encode())
        elif path in FILES:
            file = HERE / FILES[path]
            meta = f'<meta name="office-search" content="{self.search}">'
            self._answer(
                self.guess_type(file.name), file.read_text("utf-8").replace("<title>", f"{meta}<title>").encode()
            )
        else:
            self.send_error(404)

    def _answer(self, kind: str, body: bytes) -> None:
        policy = (
            f"default-src 'none'; script-src 'self' {self.search}web/; style-src 'self'; img-src 'self' https:;"
            f" connect-src 'self' {self.search}; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
            " require-trusted-types-for 'script'; trusted-types 'none'"
        )
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests."""


def server(search: str, port: int) -> ThreadingHTTPServer:
    """Return the host's server; `search`: the root of the service, with a slash at its end."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Host, search=search))


if __name__ == "__main__":
    search = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080/"
    sys.stdout.write(f"http://127.0.0.1:8090/ asks {search}\n")
    server(search, 8090).serve_forever()
