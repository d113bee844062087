"""`python -m search.cli`: what `office-search` does."""

from search.cli import main

main()
