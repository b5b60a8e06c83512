"""Values that break programs, written by hand: what each kind of field must refuse, and what it must take as text."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

CONTROL = ("\0", "a\0b", "\0" * 50, "\x1b[31mred", "bell\x07", "\x7f", "\x85", "\x9f", "line\nbreak", "tab\tstop")
# JSON can write half of a surrogate pair as an escape; no encoding of Unicode can.
SURROGATES = ("\ud800", "a\udfffb", "\udc00\ud800")
NOT_A_NUMBER = (float("nan"), float("inf"), float("-inf"))

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE catalog_book; --",
    '" OR ""="',
    "1; SELECT pg_sleep(9)--",
    "x' UNION SELECT NULL,NULL--",
    "%' --",
    "%",
    "_%_",
    "\\",
    "\\'",
    "$$",
    "%s %(x)s {0} {x}",
)
QUERY_SYNTAX = (
    "title:* AND NOT (",
    "a OR (b AND",
    '"unclosed',
    ")))((",
    "[* TO *]",
    '+-!(){}[]^"~*?:/',
    "*:*",
    "*",
    "a~9 b^9999999",
    "/.*(a|b)+$/",
    '{"match_all": {}}',
    "(a+)+$",
)
MARKUP = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% debug %}",
    "../../../../etc/passwd",
    "..%2f..%2f",
    "=cmd|' /C calc'!A0",
    "${jndi:ldap://x/a}",
)
UNICODE = (
    "\u202egnirts desrever",
    "\u200b\u200b",
    "\ufeffafter a mark",
    "\uffff\ufffe",
    "e" + "\u0301" * 30,
    "\u0130\u0131\u017f\u212a\u212b",
    "\ufdfa" * 10,
    "👩‍👩‍👧‍👦🏴\U000e0067",
    "ⅷ½²٣",
    "ÅÅÅ",
)
HARMLESS = (*SQL, *QUERY_SYNTAX, *MARKUP, *UNICODE)

# Of each sort some, for pages that take long to answer.
SOME = (
    *CONTROL[:4],
    "line\nbreak",
    *SURROGATES[:1],
    *SQL[:2],
    "%",
    *QUERY_SYNTAX[:3],
    *MARKUP[:3],
    *UNICODE[:2],
    "x" * 5000,
)

NOT_TEXT: tuple[Any, ...] = (0, -1, 1.5, 10**30, True, False, [], ["a"], [[[]]], {}, {"a": "b"}, {"$gt": ""})
NOT_A_LIST: tuple[Any, ...] = (0, 1.5, True, "a", "", {}, {"0": "a"})
NOT_WHOLE: tuple[Any, ...] = (
    1.5,
    "1",
    "",
    True,
    False,
    [],
    [1],
    {},
    "0x10",
    "\u0661",
    10**10,
    -(10**10),
    2**63,
    2**64,
    10**30,
    1e308,
    -1e308,
)
NOT_WHOLE_IN_QUERY = (
    "",
    "abc",
    "1.5",
    "1e3",
    "0x10",
    " 1",
    "+1",
    "1 ",
    "1_0",
    "\u0661",
    "-1",
    "0",
    "10000000000",
    str(2**63),
    str(2**64),
    "9" * 5000,
    "NaN",
    "Infinity",
    "true",
    "1;DROP TABLE x",
    "1\0",
)
NOT_DECIMAL: tuple[Any, ...] = ("1.5", "", True, [], {}, 1e308, -1e308, 10**30, -0.001, *NOT_A_NUMBER)
NOT_MOMENTS: tuple[Any, ...] = (
    "",
    "now",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "2999-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.999999-14:00",
    "10000-01-01T00:00:00Z",
    "-2026-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-24T25:00:00Z",
    "2026-06-30T23:59:60Z",
    "2026-11-24",
    "2026-11-24T12:00:00",
    "2026-11-24T12:00:00+99:99",
    "2026-11-24T12:00:00Z\0",
    "2026-W48-2T12:00:00Z",
    "\u0662\u0660\u0662\u0666-11-24T12:00:00Z",
    0,
    1764000000,
    1e308,
    True,
    [],
    {},
)
NOT_CHOICES = ("", " ", "ADULT", "9-11 ", "9–11", "0", "-1", "None", "null", "adult,0-5", "x" * 5000)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of field must refuse as a value of JSON and in an address, and what it must take as it stands.

    A text may be as long as `longest`; where it has a form of its own nothing of HARMLESS fits.
    """

    json: tuple[Any, ...] = ()
    query: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()


def free_text(longest: int) -> Kind:
    """Text of any letters."""
    odd = tuple(text for text in HARMLESS if len(text) <= longest)
    long = ("x" * (longest + 1), "x" * 5000)
    return Kind(json=(*CONTROL, *SURROGATES, *NOT_TEXT, *long, "x" * 900_000), query=(*CONTROL, *long), harmless=odd)


def texts(longest: int) -> Kind:
    """A list of texts of any letters, in an address a repeated field."""
    text = free_text(longest)
    wrong: tuple[Any, ...] = (*CONTROL, *SURROGATES, "", None, 1, [], {}, "x" * (longest + 1))
    inside = ([value] for value in wrong)
    many = ["a"] * 1001
    return Kind(json=(*NOT_A_LIST, *inside, ["a", 1], many), query=text.query, harmless=text.harmless)


FORMED = Kind(
    json=(*CONTROL, *SURROGATES, *NOT_TEXT, *HARMLESS, "", "x" * 65, "x" * 5000, "a b", "a/b"),
    query=(*CONTROL, *SURROGATES, *HARMLESS, "", "x" * 65, "x" * 5000, "a b", "a/b"),
)
CHOICE = Kind(
    json=(*CONTROL, *SURROGATES, *NOT_TEXT, *HARMLESS, *NOT_CHOICES),
    query=(*CONTROL, *SURROGATES, *HARMLESS, *NOT_CHOICES),
)
CHOICES = Kind(json=(*NOT_A_LIST, *([value] for value in CHOICE.json)), query=CHOICE.query)
WHOLE = Kind(json=(*NOT_WHOLE, *CONTROL, *SURROGATES), query=(*NOT_WHOLE_IN_QUERY, *CONTROL, *HARMLESS))
WHOLES = Kind(query=WHOLE.query)
DECIMAL = Kind(json=(*NOT_DECIMAL, *CONTROL, *SURROGATES))
MOMENT = Kind(json=(*NOT_MOMENTS, *CONTROL, *SURROGATES, *HARMLESS))
RECORDS = Kind(json=(*NOT_A_LIST, [], None, [{}] * 1001))
# A whole number in a path: its digits decide, and digits without end still name nothing.
NUMBER_IN_PATH = Kind(
    query=("0", "-1", "1.5", "x", str(2**31), str(2**63), str(2**64), "9" * 4000, "9" * 5000, "\u0661")
)

DEEP = 5000
BIG = 1_048_577
BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "not JSON": b"this is no JSON",
    "cut off": b'{"books": [{"key": "a", ',
    "two documents": b'{"a": 1} {"b": 2}',
    "trailing comma": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "comment": b'{"a": 1 /* no */}',
    "null": b"null",
    "a number": b"1",
    "a text": b'"books"',
    "a list": b"[]",
    "an empty object": b"{}",
    "NaN": b'{"a": NaN}',
    "beyond doubles": b'{"a": 1e999}',
    "endless digits": b'{"a": ' + b"9" * 100_000 + b"}",
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "bad UTF-8": b'{"a": "\xff\xfe"}',
    "overlong UTF-8": b'{"a": "\xc0\xaf"}',
    "raw surrogate": b'{"a": "\xed\xa0\x80"}',
    "raw NUL": b'{"a": "\x00"}',
    "NUL in a name": b'{"\\u0000": 1}',
    "surrogate in a name": b'{"\\ud800": 1}',
    "control in a name": b'{"\\u0007\\u001b[2J": 1}',
    "long name": b'{"' + b"n" * 100_000 + b'": 1}',
    "many names": b"{" + b",".join(b'"n%d": 1' % number for number in range(20_000)) + b"}",
    "same name twice": b'{"a": 1, "a": 2}',
    "prototype": b'{"__proto__": {"x": 1}, "constructor": {}}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep in a field": b'{"books": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "only brackets": b"[" * 1_000_000,
    "over 1 MiB": b'{"a": "' + b"x" * BIG + b'"}',
    "over 1 MiB of nothing": b" " * BIG,
    "5 MiB": b"\0" * (5 * BIG),
    "form": b"a=1&b=2",
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
}
CONTENT_TYPES = (
    "",
    "text/plain",
    "text/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 200,
    "application/json; charset=utf-16",
    "application/json; charset=no-such-thing",
    "a/b/c;;;",
    "\xff\xfe",
)
HEADERS = (
    {"Accept": "text/html"},
    {"Accept": "a/b/c;q=x,,;"},
    {"Accept": "application/json; indent=99999999999999999999"},
    {"Accept-Language": "x" * 5000},
    {"Accept-Charset": "no-such-thing"},
    {"X-Request-Id": "\x1b[31m\xff" + "x" * 5000},
    {"X-Forwarded-For": "x" * 5000},
    {"Origin": "https://[bad"},
    {"Origin": "\xff\xfe"},
    {"Referer": "https://[bad"},
    {"Host": "evil.example"},
    {"Host": "a b'\"<>"},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "Fri, 31 Dec 9999 23:59:59 GMT"},
    {"Range": "bytes=-1,99999999999999999999-"},
    {"Content-Encoding": "gzip"},
    {"Cookie": "sessionid=\xff; csrftoken='; a=" + "b" * 4000},
    {"Expect": "100-continue"},
)


def encoded(text: str) -> str:
    """The text in an address; half of a surrogate pair becomes bytes that no decoder takes."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
