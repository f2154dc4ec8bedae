"""Tell from a field's name what may be kept of its value.

Pure. Names are compared without case, namespace prefix, `_` and `-`, so that
`gcClaimCode`, `ns:gc_claim_code` and `GC-Claim-Code` are one name. What
Amazon's operations carry and needs no masking stands in `KEPT`.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache


class Name(Enum):
    """What a field's name says about its value."""

    CLAIM_CODE = auto()
    """Cash: never kept."""
    SECRET = auto()
    """A key, token, password or signature: never kept."""
    LINE = auto()
    """A header whose whole value is a secret, blanks included."""
    PERSONAL = auto()
    """A customer's data: never kept."""
    GROUP = auto()
    """Personal when it holds fields; its plain value is kept."""
    KEPT = auto()
    """An id, a place or a time: kept unless it has a secret's exact shape."""
    FACT = auto()
    """A word or a number from a short list: kept unless it resembles a secret."""
    TEXT = auto()
    """Free text of Amazon's: kept but for the secrets inside."""
    OTHER = auto()
    """Not known: kept in a body only if nothing in it looks like a secret."""


_LISTED: dict[Name, str] = {
    Name.CLAIM_CODE: """
        claimcode gccode giftcode giftcardcode giftcardpin redemptioncode
        redeemcode vouchercode""",
    Name.SECRET: """
        passphrase pwd passwd secret apikey accesskey accesskeyid privatekey
        signingkey token signature credentials xamzsignature sessionid jwt""",
    Name.LINE: "authorization proxyauthorization cookie cookies setcookie",
    Name.PERSONAL: """
        accountid address
        addressline1 addressline2 address1 address2 street zipcode
        postalcode mobile mobilenumber barcode
        firstname lastname fullname givenname familyname surname customername
        recipientname dateofbirth""",
    Name.GROUP: "account customer recipient",
    Name.KEPT: """
        partnerid creationrequestid activationrequestid statuscheckrequestid
        requestid loadbalancerequestid gccreationrequestid gccreationresponseid
        gcid cardnumber expirationdate gcexpirationdate timestamp
        type programid producttype utcstartdate utcenddate pageindex pagesize
        shownoops activitytime activitytype isrealop sourceid
        institutionid totalnumberoftransactionsinrequestedtimeframe operation
        host date xamzdate xamztarget xamznrequestid xamznerrortype signedheaders
        xamzsignedheaders""",
    Name.FACT: """
        amount currencycode status statuscode cardstatus activitystatus
        errorcode errortype failurecode""",
    Name.TEXT: "message statusmessage errormessage",
}
_KINDS = {name: kind for kind, names in _LISTED.items() for name in names.split()}
_SECRET_ENDINGS = (
    "password",
    "passwd",
    "secret",
    "secretkey",
    "accesskey",
    "accesskeyid",
    "privatekey",
    "apikey",
    "token",
    "xamzsignature",
)
_PERSONAL_ENDINGS = (
    "email",
    "emailaddress",
    "phone",
    "phonenumber",
    "externalreference",
    "sourcedetails",
    "notificationdetails",
)
_NAME_CHARACTERS = 80
_PLAIN = str.maketrans("[", ".", "]_-")


@lru_cache(maxsize=2048)
def kind_of(name: str) -> Name:
    """Return what the field called `name` may keep; never raises."""
    plain = name[-_NAME_CHARACTERS:].rpartition(":")[2].translate(_PLAIN).lower()
    kind = _KINDS.get(plain) or _KINDS.get(plain.replace(".", ""))
    if kind is None and "." in plain:
        plain = plain.rpartition(".")[2]
        kind = _KINDS.get(plain)
    if kind is not None:
        return kind
    if "claimcode" in plain:
        return Name.CLAIM_CODE
    if plain.endswith(_PERSONAL_ENDINGS):
        return Name.PERSONAL
    return Name.SECRET if plain.endswith(_SECRET_ENDINGS) else Name.OTHER
