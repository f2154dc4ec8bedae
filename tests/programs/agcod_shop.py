"""A shop that sells gift cards with `agcod` 0.1.0 from PyPI; it knows of no guard.

That client calls `requests.post` itself, with no timeout and its hosts built in.
The shop reads request ids, one a line, and prints a line of JSON for each.
"""

import json
import sys

import agcod.client

agcod.client.partner_id = "Acmes"
agcod.client.aws_key_id = "AKIAFAKEFAKEFAKEFAKE"
agcod.client.aws_secret_key = "fake/secret"
agcod.client.sandbox = False


def tried(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return [f"{type(error)}", f"{type(error.__cause__ or error.__context__)}"]


def sold(request_id):
    results = [tried(agcod.client.create_gift_card, request_id, 25.0, "USD")]
    if isinstance(results[0], dict) and "gcId" in results[0]:
        cancel = agcod.client.cancel_gift_card
        results.append(tried(cancel, request_id, results[0]["gcId"]))
    results.append(tried(agcod.client.get_available_funds))
    return [without_time(result) for result in results]


def without_time(result):
    if isinstance(result, dict):
        result.pop("timestamp", None)
    return result


for line in sys.stdin:
    print(json.dumps(sold(line.strip())), flush=True)
