"""`agcod-guard report`: ask Amazon about one request that went wrong."""

from __future__ import annotations

import sys
from typing import TextIO

import click

from agcod_guard.call import Call, Outcome
from agcod_guard.cli.calls import Wanted, found_calls
from agcod_guard.cli.drafted import write_draft
from agcod_guard.cli.options import with_folder
from agcod_guard.cli.times import moment
from agcod_guard.data_folder import DataFolder
from agcod_guard.incident.questions import request_mail
from agcod_guard.incident.routing import Route, for_request, marketplace_of
from agcod_guard.post_office import account_letterhead
from agcod_guard.protocol.failures import failure_of
from agcod_guard.settings import Account


class NothingToReport(click.ClickException):
    """There is no such request, or nobody at Amazon can help with it."""

    exit_code = 1


@click.command(epilog="Example: agcod-guard report Acmes33245001H2")
@with_folder
@click.argument("request_id")
@click.option(
    "--since",
    "since_s",
    callback=moment,
    default="30d",
    show_default=True,
    help="Look no further back than this.",
)
@click.option("--paste", is_flag=True, help="Print a block to copy into a mail.")
def report(
    folder: DataFolder, *, request_id: str, since_s: float | None, paste: bool
) -> int:
    """Write the draft of a question to Amazon about one request.

    It goes to whoever can help with what the request failed with, and never to the
    pager: one request is no outage.
    """
    return write_report(folder, request_id, sys.stdout, since_s=since_s, paste=paste)


def write_report(
    folder: DataFolder,
    request_id: str,
    out: TextIO,
    *,
    since_s: float | None = None,
    paste: bool = False,
) -> int:
    """Write the draft about a request, and print whom it is for.

    Returns:
        Exit code: 0.

    Raises:
        NothingToReport: No call of it is on record, it succeeded, or nobody at
            Amazon can help; exit code 1.
        DataError: The journal cannot be read.
        OSError: The draft cannot be written.
    """
    wanted = Wanted(since_s=since_s, request_id=request_id, limit=0)
    calls = [told.call for told in found_calls(folder, wanted)]
    if not calls:
        where = folder.settings.data_dir
        raise NothingToReport(
            f"No call with request id {request_id!r} is recorded in {where}; "
            "`agcod-guard calls --since 30d` lists what there is"
        )
    if calls[-1].outcome is Outcome.SUCCESS:
        raise NothingToReport(
            f"{request_id} has succeeded with its last call: nothing is wrong with it"
        )
    route = _route(folder, calls[-1])
    if not route.is_mail:
        raise NothingToReport(f"No mail is written: {' '.join(route.notes)}")
    head = account_letterhead(calls[-1].scope.account, folder.settings)
    mail = request_mail(calls, route, head, now_s=folder.clock.wall_s())
    return write_draft(folder, mail, route, out, paste=paste)


def _route(folder: DataFolder, call: Call) -> Route:
    account = folder.settings.accounts.get(call.scope.account, Account())
    currencies = [call.currency] if call.currency else []
    return for_request(
        failure_of(call.error_code, call.error_type),
        folder.settings.contacts,
        marketplace=marketplace_of(
            account.marketplace, currencies, call.endpoint.region
        ),
        account_manager=account.account_manager,
    )
