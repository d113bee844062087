"""One module a vertical: it defines VERTICAL, and nothing else knows of it; `mappings.catalogue` finds it."""
