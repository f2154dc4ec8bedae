"""Find secrets by their shape alone, whatever they are called.

Pure; every pattern is bounded or possessive, so the time is linear in the text.
A *firm* shape is removed wherever it stands. A *likely* one could be an honest
value too, so a field that may be kept is spared.

Claim codes are 4-6-4, 4-6-5 or 4-4-4 letters and digits. UUIDs, 16-digit
serials in fours and dashed request ids (`Acmes-2026-1122-0001`) contain such
pieces, so a code must not be part of a longer dashed run, unless it has the
six in the middle that those never have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from agcod_guard.redaction.spans import Finding, Span, lowered

# A pattern that starts with a plain character class is found several times
# faster than one that starts by looking behind, so that comes second.
_FIRST = r"[A-Z0-9](?<![A-Za-z0-9].)"
_ALONE_FIRST = rf"{_FIRST}(?<![A-Za-z0-9][-_].)"
_ALONE_AFTER = r"(?![A-Za-z0-9]|[-_][A-Za-z0-9])"
_DASH = r"-{1,2}"
_BREAK = r"(?:[ \t]{0,4}=?\r?\n[ \t>|#*]{0,16})"
_WRAP_DASH = rf"{_BREAK}?-{{1,2}}{_BREAK}?"
_REST = rf"[A-Z0-9]{{3}}{_DASH}[A-Z0-9]{{4,6}}{_DASH}[A-Z0-9]{{4,5}}"

_CODE = re.compile(rf"{_ALONE_FIRST}{_REST}{_ALONE_AFTER}")
_CODE_IN_RUN = re.compile(
    rf"{_FIRST}[A-Z0-9]{{3}}{_DASH}[A-Z0-9]{{6}}{_DASH}[A-Z0-9]{{4,5}}(?![A-Za-z0-9])"
)
_CODE_AFTER_WORD = re.compile(
    r"[A-Z0-9](?<=[-_].)(?<=(?i:code|gift|laim|card|cher|mock|odes|ifts|ards)[-_].)"
    rf"{_REST}(?![A-Za-z0-9])"
)
_CODE_WRAPPED = re.compile(
    rf"{_ALONE_FIRST}(?=[A-Z0-9\s\-=>|#*]{{0,20}}\n)"
    rf"(?:{_BREAK}?[A-Z0-9]){{3}}{_WRAP_DASH}"
    rf"[A-Z0-9](?:{_BREAK}?[A-Z0-9]){{3,5}}{_WRAP_DASH}"
    rf"[A-Z0-9](?:{_BREAK}?[A-Z0-9]){{3,4}}{_ALONE_AFTER}"
)
_CODE_ANY_CASE = re.compile(
    r"([A-Za-z0-9](?<![A-Za-z0-9].)(?<![A-Za-z0-9][-_].)[A-Za-z0-9]{3})"
    rf"{_DASH}([A-Za-z0-9]{{4,6}}){_DASH}([A-Za-z0-9]{{4,5}}){_ALONE_AFTER}"
)
_GAP = r"[\s\-_./:|,+~=*\"'\\\u00b7\u2022;()\[\]#]{1,4}"
_CODE_SPACED = re.compile(
    rf"({_ALONE_FIRST}[A-Z0-9]{{3}})"
    rf"(?!{_DASH}[A-Z0-9]{{4,6}}{_DASH}[A-Z0-9])"
    rf"(?={_GAP}([A-Z0-9]{{4,6}}){_GAP}([A-Z0-9]{{4,5}}){_ALONE_AFTER})"
)
_RUN_BEFORE = re.compile(r"[A-Za-z0-9_\-]*\Z")
_PARTNER_ID = re.compile(r"[A-Za-z0-9]*[A-Z][A-Za-z0-9]*\Z")
_PHONE_NAME = re.compile(r"(?:\+|\b(?:phone|tel|fax|mobile|call)\W.{0,16})\Z", re.I)
_PHONE_NAME_CHARACTERS = 24
_GLUE = re.compile(r"[-_]")
_RUN_CHARACTERS = 48


def claim_codes(text: str) -> Iterator[Span]:
    """Yield the claim codes that are one wherever they stand."""
    if "-" not in text:
        return
    alone = set()
    for match in _CODE.finditer(text):
        alone.add(match.start())
        if _is_phone(text, match):
            continue
        yield Span(*match.span(), Finding.CLAIM_CODE)
    for match in _CODE_AFTER_WORD.finditer(text):
        yield Span(*match.span(), Finding.CLAIM_CODE)
    for match in _CODE_IN_RUN.finditer(text):
        if match.start() not in alone and not _is_part_of_id(text, match):
            yield Span(*match.span(), Finding.CLAIM_CODE)
    if "\n" in text:
        for match in _CODE_WRAPPED.finditer(text):
            if not match[0].replace("\n", "").replace("-", "").isdigit():
                yield Span(*match.span(), Finding.CLAIM_CODE)


def _is_phone(text: str, match: re.Match[str]) -> bool:
    """Tell a telephone number, called that or with a plus, from a code."""
    before = text[max(0, match.start() - _PHONE_NAME_CHARACTERS) : match.start()]
    return _is_number(match[0]) and _PHONE_NAME.search(before) is not None


def _is_number(code: str) -> bool:
    return code.replace("-", "").isdigit()


def _is_part_of_id(text: str, match: re.Match[str]) -> bool:
    """Tell a dashed request id from a code that is glued to a word."""
    if _is_number(match[0]):
        return True
    start = match.start()
    run = _RUN_BEFORE.search(text[max(0, start - _RUN_CHARACTERS) : start])
    head = _GLUE.split(run[0])[0] if run else ""
    return len(head) == 5 and _PARTNER_ID.match(head) is not None


def likely_claim_codes(text: str) -> Iterator[Span]:
    """Yield what is a claim code in lower case, or with other gaps than dashes."""
    if "-" in text:
        for match in _CODE_ANY_CASE.finditer(text):
            if _is_random(*match.groups()):
                yield Span(*match.span(), Finding.CLAIM_CODE)
    end = 0
    for match in _CODE_SPACED.finditer(text):
        if match.start() < end:
            continue
        if any(map(_is_odd, match.groups())):
            end = match.end(3)
            yield Span(match.start(), end, Finding.CLAIM_CODE)


_MIXED = re.compile(r"[0-9][A-Za-z]|[a-z][A-Z][a-z]")
_ERROR_CODE = re.compile(r"F[1-5]\d{2,4}\Z")
_NO_VOWEL = re.compile(r"[B-DF-HJ-NP-TV-XZ]+\Z")
_ACRONYMS = frozenset({"HTTP", "HTTPS", "HTML", "SMTP", "HMAC", "LDAP", "GMT", "TLS"})


def _is_random(*groups: str) -> bool:
    """Tell lower-case groups, two of them unlike words, from joined words."""
    if "".join(groups).isupper():
        return False
    if all(len(group) == 4 for group in groups) and _is_hex("".join(groups)):
        return False
    return sum(map(_is_unlike_a_word, groups)) >= 2


def _is_unlike_a_word(group: str) -> bool:
    return bool(_MIXED.search(group) or _NO_VOWEL.match(group.upper()))


def _is_hex(text: str) -> bool:
    return not text.lower().strip("0123456789abcdef")


@lru_cache(maxsize=1024)
def _is_odd(group: str) -> bool:
    """Tell a piece of a code from an upper-case word or a number."""
    if group.isdigit() or _ERROR_CODE.match(group) or group in _ACRONYMS:
        return False
    if not group.isalpha():
        return True
    return len(set(group)) == 1 or _NO_VOWEL.match(group) is not None


_ACCESS_KEY = re.compile(
    r"A(?<![A-Z0-9].)(?:KIA|SIA|BIA|CCA|GPA|IDA|PKA|ROA|SCA)[A-Z0-9]{16,}+"
    r"(?![A-Za-z0-9])"
)
_CREDENTIAL = re.compile(
    r"credential[\"']?\s{0,2}[=:]\s{0,2}[\"']?(?!\[)(?=([^\s/,\"'&]{1,256}+))"
)
_KEY_ID_KEPT = 4
_MARKED = {
    "Atz": re.compile(r"Atz[a-z]\|[^\s\"'&<>,;]{4,}+"),
    "eyJ": re.compile(
        r"(?<![A-Za-z0-9])eyJ[\w\-]{8,}+\.[\w\-]{2,}+(?:\.[\w\-]*+)?", re.A
    ),
    "amzn1.account.": re.compile(r"amzn1\.account\.[A-Za-z0-9]{8,}+"),
    "PRIVATE KEY-----": re.compile(
        r"(?<=PRIVATE KEY-----)[A-Za-z0-9+/=\s\\]{8,}+(?:-----END [A-Z ]{1,24}-{5})?"
    ),
    "://": re.compile(r"(?<=://)[^\s/@:\"'<>?#]{0,256}+:[^\s/@\"'<>?#]{1,256}+(?=@)"),
}
"""Secrets that cannot do without a fixed piece of text, by that piece."""
_SCHEME = re.compile(
    r"b(?<![a-z].)(?:earer|asic)[ \t]{1,4}(?![a-z_]{1,20}=[\"'\w])"
    r"([a-z0-9._~+/|=\-]{6,}+)"
)
_OPAQUE = re.compile(
    r"[A-Za-z0-9+/_\-](?<![A-Za-z0-9+/=_\-].)(?:"
    r"(?<=[0-9a-fA-F])(?P<hash>[0-9a-fA-F]{63})"
    r"|[A-Za-z0-9+/]{39}"
    r"|(?:(?<=F)woG|(?<=I)QoJ|(?<=F)QoG|(?<=A)QoD)[A-Za-z0-9+/_\-%]{28,}+={0,2}"
    r"|[A-Za-z0-9+/_\-%]{99,}+={0,2}"
    r")(?![A-Za-z0-9+/=_\-])"
)
_HASH_NAME = re.compile(
    r"(?:sha-?256|hash|digest|checksum|etag|aws4_request"
    r"|[a-z];[a-z\-]{1,24})\W{0,6}\Z",
    re.I,
)
_CHECKSUM = re.compile(
    r"(?:card|serial)[\w ]{0,16}\W{1,10}((?:\d[ \-]?){15}\d)[ \-]?(\d{3})(?!\d)"
)


def access_keys(text: str) -> Iterator[Span]:
    """Yield AWS access key ids, but for their first four characters."""
    for match in _ACCESS_KEY.finditer(text):
        yield Span(match.start() + _KEY_ID_KEPT, match.end(), Finding.SECRET)


def marked_secrets(text: str) -> Iterator[Span]:
    """Yield keys, tokens, passwords and checksums that a word gives away."""
    plain = lowered(text)
    for match in _CREDENTIAL.finditer(plain):
        start, end = match.span(1)
        shown = _KEY_ID_KEPT if end - start > _KEY_ID_KEPT else 0
        yield Span(start + shown, end, Finding.SECRET)
    for mark, pattern in _MARKED.items():
        if mark in text:
            for match in pattern.finditer(text):
                yield Span(*match.span(), Finding.SECRET)
    for match in _SCHEME.finditer(plain):
        # "Basic authentication failed" is prose; a token has more than letters.
        if not match[1].rstrip(".").isalpha() or len(match[1]) >= 20:
            yield Span(*match.span(1), Finding.SECRET)
    for match in _CHECKSUM.finditer(plain):
        yield Span(*match.span(2), Finding.CHECKSUM)


def likely_secrets(text: str) -> Iterator[Span]:
    """Yield long opaque strings: signatures, secret keys, session tokens."""
    for match in _OPAQUE.finditer(text):
        start, end = match.span()
        if match["hash"] and _HASH_NAME.search(text[max(0, start - 32) : start]):
            continue
        if not match["hash"] and not _is_jumbled(match[0]):
            continue
        yield Span(start, end, Finding.SECRET)


_RUNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")


def _is_jumbled(token: str) -> bool:
    """Tell random base64 from words and ids: its kinds of character alternate."""
    sample = token[:100]
    kinds = {run[0].isdigit() or run[0].isupper() + 2 for run in _RUNS.findall(sample)}
    return len(kinds) == 3 and len(_RUNS.findall(sample)) >= len(sample) * 0.3
