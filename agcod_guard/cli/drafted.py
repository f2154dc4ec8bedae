"""Write a mail to one of Amazon's teams as a draft, and say what to do with it."""

from __future__ import annotations

from typing import TextIO

from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.message import Mail
from agcod_guard.incident.routing import Route

_DOORS = {"operations": "operations team", "integration": "integration team"}


def write_draft(
    folder: DataFolder, mail: Mail, route: Route, out: TextIO, *, paste: bool
) -> int:
    """Keep the draft; print where it is, whom it is for, and what to know.

    Args:
        folder: The data folder.
        mail: The mail.
        route: Whom it is for.
        out: Where to print.
        paste: Also print a block to copy into a mail.

    Returns:
        Exit code: 0.

    Raises:
        OSError: It cannot be written.
    """
    path = folder.drafts().write(mail.name, mail.draft())
    since = f", as of {route.as_of}" if route.as_of else ""
    team = _DOORS.get(route.door.value, route.door.value)
    print(f"Draft: {path}", file=out)
    print(f"To: {', '.join(route.to)} ({team}{since}; {route.promise})", file=out)
    for note in route.notes:
        print(f"Note: {note}", file=out)
    if paste:
        print("", mail.pasted(), sep="\n", file=out)
    else:
        print(f"Open the draft in your mail program, or: {mail.mailto()}", file=out)
    return 0
