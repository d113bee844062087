"""`office-search openapi`: the document that clients are generated from."""

from __future__ import annotations

import json

from mappings.catalogue import Catalogue
from search.api.document import described_by


def document() -> str:
    """Return the OpenAPI document of what is installed, as JSON that ends with a line break.

    Calls, parameters and members stand in the order in which they are declared, so the same code gives the same text.
    """
    found = described_by(Catalogue.installed()).openapi()
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
