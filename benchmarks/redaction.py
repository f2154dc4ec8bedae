"""What redaction costs, what it lets through and what it destroys.

Run: `python benchmarks/redaction.py`. Three tables: the time for 64 kB of
ordinary and of hostile text (best of three, CPU time), the time for short
messages, and leaks and losses on invented records against methods that are
often used instead.
"""

from __future__ import annotations

import base64
import json
import random
import re
import time
import timeit
from collections.abc import Callable, Iterator
from urllib.parse import quote

from agcod_guard.redaction import redact_answer, redact_text

SIZE = 65_536
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
MESSAGES = {
    "throttled": "Rate exceeded",
    "token": "The security token included in the request is invalid.",
    "timeout": "HTTPSConnectionPool(host='agcod-v2.amazon.com', port=443): "
    "Read timed out. (read timeout=6)",
    "request body": '{"creationRequestId":"Acmes3324500H2","partnerId":"Acmes",'
    '"value":{"currencyCode":"EUR","amount":25.0}}',
    "claim code": "created AAAA-BBBBBB-CCCC for Acmes3324500H2",
}
FILLINGS = {
    "prose": "The order was sent twice, at 10:15 and 10:17; both failed. ",
    "answers": '{"gcClaimCode":"AAAA-BBBBBB-CCCC","gcId":"A1B2C3D4E5F6G7"}\n',
    "xml answers": "<gcClaimCode>AAAA-BBBBBB-CCCC</gcClaimCode><gcId>A1B2C3</gcId>",
    "A-A-A-": "A-",
    "dashes": "-",
    "ABLE-ABLE-": "ABLE-",
    "claim codes": "AAAA-BBBBBB-CCCC ",
    "spaced codes": "1A2B ",
    "zero-width": "\u200b",
    "zero-width mixed": "A\u200b",
    "Cyrillic": "\u0410\u0412",
    "percent": "%41",
    "percent twice": "%2541",
    "entities": "&amp;amp;amp;",
    "backslashes": "\\",
    "unicode escapes": "\\u0041",
    "nested JSON": '{"account":',
    "nested lists": "[",
    "nested XML": "<gcClaimCode>",
    "open quotes": '"password":"',
    "a=a=a=": "a=",
    "a:a:a:": "a:",
    "type=type=": "type=",
    "credential=": "credential=",
    "claim code": "claim code ",
    "hex": "41414141",
    "base64 tokens": "QUFBQS1CQkJCQkItQ0ND ",
    "one base64": "QUFBQS1CQkJC",
    "newlines": "A\n",
}


def hostile_texts() -> Iterator[tuple[str, str]]:
    """Yield (what it is, 64 kB of it)."""
    for name, filling in FILLINGS.items():
        yield name, (filling * (SIZE // len(filling) + 1))[:SIZE]
    tower = b"AAAA-BBBBBB-CCCC"
    while len(tower) * 4 // 3 < SIZE - 2:
        tower = base64.b64encode(tower)
    yield "unclosed XML", ("<a><type>" * SIZE)[: SIZE - 11] + "</type></a>"
    yield "base64 tower", tower.decode()
    source = random.Random(20261122)
    yield "random ASCII", "".join(chr(source.randrange(32, 127)) for _ in range(SIZE))
    yield "random", "".join(chr(source.randrange(32, 0x3000)) for _ in range(SIZE))


def milliseconds(work: Callable[[], object]) -> float:
    """Return the CPU time of `work`, the best of three."""
    best_s = float("inf")
    for _ in range(3):
        start_s = time.process_time()
        work()
        best_s = min(best_s, time.process_time() - start_s)
    return best_s * 1_000


def print_costs() -> None:
    print(f"{'64 kB of':<20}{'text ms':>10}{'body ms':>10}")
    for name, text in hostile_texts():
        plain = milliseconds(lambda text=text: redact_text(text))
        body = milliseconds(lambda text=text: redact_answer(200, "OK", {}, text))
        print(f"{name:<20}{plain:>10.1f}{body:>10.1f}")
    print(f"\n{'message':<20}{'characters':>10}{'µs':>10}")
    for name, text in MESSAGES.items():
        runs = timeit.repeat(lambda text=text: redact_text(text), number=500, repeat=7)
        print(f"{name:<20}{len(text):>10}{min(runs) / 500 * 1e6:>10.1f}")


def secret_records(source: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (text, what must not be left of it)."""
    for _ in range(8):
        parts = ["".join(source.choices(LETTERS, k=k)) for k in (4, 6, 4)]
        code, bare = "-".join(parts), "".join(parts)
        answer = json.dumps({"gcClaimCode": bare, "gcId": "A1B2C3D4E5F6G7"})
        encoded = base64.b64encode(code.encode()).decode()
        yield f"created {code} for Acmes1", parts[1]
        yield code.replace("-", "\u2013"), parts[1]
        yield code.replace("-", "%2D"), parts[1]
        yield code.replace("-", "&#45;"), parts[1]
        yield f"{code[:8]}\n{code[8:]}", code[8:]
        yield "\u200b".join(code), "\u200b".join(code)
        yield "".join(chr(ord(char) + 0xFEE0) for char in code), "\uff0d"
        yield answer, bare
        yield json.dumps(answer), bare
        yield quote(answer, safe=""), bare
        yield f"<ns:gcClaimCode>{bare}</ns:gcClaimCode>", bare
        yield f"gc_claim_code={bare}&x=1", bare
        yield f"your claim code is {bare.lower()}", bare.lower()
        yield f"blob {encoded} end", encoded
        yield f"hex {code.encode().hex()} end", code.encode().hex()
        yield f"X-Amz-Security-Token: {encoded * 5}", encoded
        yield f"Authorization: Bearer {bare}", bare
        yield f"https://user:{bare}@example.invalid/", bare
        yield f"password={bare}", bare
        yield json.dumps({"account": {"id": f"+49{bare}"}}), bare
        yield f"<externalReference>Jane {bare}</externalReference>", bare


def harmless_records(source: random.Random) -> Iterator[str]:
    """Yield texts that must come back as they were."""
    for _ in range(8):
        number = source.randrange(10**9, 10**10)
        letters = "".join(source.choices(LETTERS, k=14))
        word = f"{source.getrandbits(128):032x}"
        uuid = f"{word[:8]}-{word[8:12]}-{word[12:16]}-{word[16:20]}-{word[20:]}"
        yield f"request Acmes{number} failed with F500 GeneralError"
        yield f'{{"creationRequestId":"Acmes{number // 10}","gcClaimCode":null}}'
        yield f'{{"gcId":"{letters}","status":"SUCCESS"}}'
        yield f"<gcId>{letters}</gcId><cardStatus>Fulfilled</cardStatus>"
        yield f"Acmes-2026-1122-{number % 10_000:04}"
        yield f"x-amzn-RequestId: {uuid}"
        yield f"serial 140000{number}"
        yield f"20261122T{number % 1_000_000:06}Z 2026-11-22T10:15:00Z"
        yield f"order {number}{number % 100_000:05} was cancelled"
        yield f"Rate exceeded after {number} ms (CVE-2026-{number % 100_000})"


SECRET_NAMES = "gcClaimCode|claimCode|password|Authorization|X-Amz-Security-Token"
METHODS: dict[str, Callable[[str], str]] = {
    "key list": lambda text: re.sub(
        rf'("(?:{SECRET_NAMES})"\s*:\s*)"[^"]*"', r'\1"*"', text
    ),
    "one dashed pattern": lambda text: re.sub(
        r"\b[A-Z0-9]{4}-[A-Z0-9]{4,6}-[A-Z0-9]{4,5}\b", "*", text
    ),
    "blanket 14-15": lambda text: re.sub(
        r"\b(?:[A-Z0-9]{4}-[A-Z0-9]{4,6}-[A-Z0-9]{4,5}|[A-Za-z0-9]{14,15})\b", "*", text
    ),
    "redact_text": redact_text,
}


def print_comparison() -> None:
    secrets = list(secret_records(random.Random(1)))
    harmless = list(harmless_records(random.Random(2)))
    print(f"\n{len(secrets)} secret, {len(harmless)} harmless records")
    print(f"{'method':<20}{'leaked':>10}{'destroyed':>10}")
    for name, method in METHODS.items():
        leaked = sum(secret in method(text) for text, secret in secrets)
        destroyed = sum(method(text) != text for text in harmless)
        print(f"{name:<20}{leaked:>10}{destroyed:>10}")


if __name__ == "__main__":
    print_costs()
    print_comparison()
