"""Say in a word what an error of a socket, a resolver or TLS means. Pure."""

from __future__ import annotations

import errno
import socket
import ssl

from agcod_guard.outage.path import Result

_NO_NAME = {
    number
    for number in (
        socket.EAI_NONAME,
        getattr(socket, "EAI_NODATA", None),
        getattr(socket, "EAI_ADDRFAMILY", None),
    )
    if number is not None
}
_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN}
# OpenSSL's own numbers of what is wrong with a certificate (X509_V_ERR_...).
_CERTIFICATE = {
    2: Result.UNTRUSTED,
    9: Result.OUT_OF_DATE,
    10: Result.OUT_OF_DATE,
    18: Result.UNTRUSTED,
    19: Result.UNTRUSTED,
    20: Result.UNTRUSTED,
    21: Result.UNTRUSTED,
    62: Result.MISMATCH,
    64: Result.MISMATCH,
}


def result_of(error: Exception) -> Result:
    """Return what the error means."""
    if isinstance(error, socket.gaierror):
        return Result.NO_NAME if error.errno in _NO_NAME else Result.NO_LOOKUP
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(error.verify_code, Result.FAILED)
    if isinstance(error, TimeoutError):
        return Result.TIMED_OUT
    if isinstance(error, ConnectionRefusedError):
        return Result.REFUSED
    if isinstance(error, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Result.CLOSED
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return Result.NO_ROUTE
    return Result.FAILED
