"""Turns errors of the operating system into one sentence that says what to do next."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from search.core.errors import StackError

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EROFS: "the file system is read-only; set OFFICE_SEARCH_HOME and OFFICE_SEARCH_CACHE to writable folders",
    errno.EACCES: "permission is missing; set OFFICE_SEARCH_HOME and OFFICE_SEARCH_CACHE to folders of your own",
    errno.EPERM: "permission is missing; run it as the user who started the stack",
    errno.ENOMEM: "there is too little memory; lower OFFICE_SEARCH_HEAP or stop something else",
}


@contextmanager
def one_sentence(doing: str) -> Iterator[None]:
    """Turn an OSError of the block into a StackError that says what failed (`doing`), where, and what helps."""
    try:
        yield
    except OSError as error:
        reason = ADVICE.get(error.errno or 0, error.strerror or str(error))
        where = f" ({error.filename})" if error.filename else ""
        raise StackError(f"Could not {doing}: {reason}{where}.") from error
