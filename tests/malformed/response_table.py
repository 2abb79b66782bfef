"""
Malformed and ambiguous answers of an endpoint, each with where it is spoken of and what the client must see. What is
said of each row is checked by tests/program/test_malformed.py.

outcome: "502"      the client gets 502 in place of the answer
         "cut"      the head is good and may be with the client: the connection is broken off, so that nobody takes what
                    there is for the whole
         "whole"    the answer is good after all, and so is the connection to the endpoint
         "last"     the answer is good, but the connection to the endpoint is not used again
"""

BODY = b"answer"


def answer(*fields, body=BODY, status=b"HTTP/1.1 200 OK\r\n"):
    """An answer with these field lines, which bring their own CRLF or whatever they have in its place."""
    return status + b"".join(fields) + b"\r\n" + body


def length(value, body=BODY):
    return answer(b"Content-Length: " + value + b"\r\n", body=body)


def coding(*values, body=b"6\r\nanswer\r\n0\r\n\r\n"):
    return answer(*(b"Transfer-Encoding: " + value + b"\r\n" for value in values), body=body)


def chunked(body):
    return answer(b"Transfer-Encoding: chunked\r\n", body=body)


def long_head(size):
    rest = size - len(answer(b"Content-Length: 6\r\nX: \r\n", body=b""))
    return answer(b"Content-Length: 6\r\nX: " + b"x" * rest + b"\r\n")


def status(line):
    return answer(b"Content-Length: 6\r\n", status=line)


RESPONSES = [
    # section, what, outcome, bytes; True: the endpoint then closes; "alert": with a closure alert, in good order
    # The status line.
    ("9112 4", "bare LF after the status line", "502", status(b"HTTP/1.1 200 OK\n")),
    ("9112 4", "bare CR after the status line", "502", status(b"HTTP/1.1 200 OK\r")),
    ("9112 4", "an empty line before the status line", "502", b"\r\n" + length(b"6")),
    ("9112 4", "blanks before the status line", "502", status(b" HTTP/1.1 200 OK\r\n")),
    ("9112 4", "no status", "502", status(b"HTTP/1.1\r\n")),
    ("9112 4", "two spaces before the status", "502", status(b"HTTP/1.1  200 OK\r\n")),
    ("9112 4", "a tab before the status", "502", status(b"HTTP/1.1\t200 OK\r\n")),
    ("9112 4", "a status of two digits", "502", status(b"HTTP/1.1 20 OK\r\n")),
    ("9112 4", "a status of four digits", "502", status(b"HTTP/1.1 2000 OK\r\n")),
    ("9112 4", "a status with a plus", "502", status(b"HTTP/1.1 +20 OK\r\n")),
    ("9112 4", "a status with a minus", "502", status(b"HTTP/1.1 -20 OK\r\n")),
    ("9112 4", "a status in hexadecimal", "502", status(b"HTTP/1.1 0xc OK\r\n")),
    ("9110 15", "status 000", "502", status(b"HTTP/1.1 000 OK\r\n")),
    ("9110 15", "status 099", "502", status(b"HTTP/1.1 099 OK\r\n")),
    ("9110 15", "status 600", "502", status(b"HTTP/1.1 600 OK\r\n")),
    ("9110 15", "status 999", "502", status(b"HTTP/1.1 999 OK\r\n")),
    ("9112 4", "no space before the reason", "502", status(b"HTTP/1.1 200OK\r\n")),
    ("9112 4", "NUL in the reason", "502", status(b"HTTP/1.1 200 O\0K\r\n")),
    ("9112 4", "a control character in the reason", "502", status(b"HTTP/1.1 200 O\x08K\r\n")),
    ("9112 4", "no reason", "whole", status(b"HTTP/1.1 200 \r\n")),
    ("9112 4", "no reason and no space", "whole", status(b"HTTP/1.1 200\r\n")),
    ("9112 2.3", "HTTP/2.0", "502", status(b"HTTP/2.0 200 OK\r\n")),
    ("9112 2.3", "HTTP/1.2", "502", status(b"HTTP/1.2 200 OK\r\n")),
    ("9112 2.3", "the version in lower case", "502", status(b"http/1.1 200 OK\r\n")),
    ("9112 2.3", "another protocol", "502", status(b"ICY 200 OK\r\n")),
    ("9112 2.3", "a body and no head", "502", b"{}\r\n\r\n"),
    ("9112 2.3", "a frame of HTTP/2", "502", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18),
    ("9112 2.3", "a request", "502", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    # Fields.
    ("9112 5.1", "a space before the colon", "502", answer(b"Content-Length : 6\r\n")),
    ("9112 5.1", "a tab before the colon", "502", answer(b"Content-Length\t: 6\r\n")),
    ("9112 5", "no colon", "502", answer(b"Nonsense\r\nContent-Length: 6\r\n")),
    ("9112 5", "no name", "502", answer(b": b\r\nContent-Length: 6\r\n")),
    ("9112 5.1", "a name with a control character", "502", answer(b"A\x01: b\r\nContent-Length: 6\r\n")),
    ("9112 5.1", "a name with a byte beyond ASCII", "502", answer(b"\xe9: b\r\nContent-Length: 6\r\n")),
    ("9112 5.2", "a folded line", "502", answer(b"A: b\r\n c\r\nContent-Length: 6\r\n")),
    ("9112 5.2", "a folded length", "502", answer(b"Content-Length:\r\n 6\r\n")),
    ("9112 2.2", "bare LF after a field", "502", answer(b"A: b\nContent-Length: 6\r\n")),
    ("9112 2.2", "bare CR in a value that would split the answer", "502",
     answer(b"A: b\rSet-Cookie: c\r\nContent-Length: 6\r\n")),
    ("9112 2.2", "bare LF ends the head", "502", b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\nanswer"),
    ("9110 5.5", "NUL in a value", "502", answer(b"A: b\0\r\nContent-Length: 6\r\n")),
    ("9110 5.5", "a control character in a value", "502", answer(b"A: \x1b[2J\r\nContent-Length: 6\r\n")),
    ("9110 5.5", "DEL in a value", "502", answer(b"A: \x7f\r\nContent-Length: 6\r\n")),
    ("9110 5.5", "bytes beyond ASCII in a value", "whole", answer(b"A: \xff\r\nContent-Length: 6\r\n")),
    ("SP", "more fields than are taken", "502", answer(b"A: b\r\n" * 100, b"Content-Length: 6\r\n")),
    ("SP", "a larger head than is taken", "502", answer(b"A: " + b"b" * 70000 + b"\r\nContent-Length: 6\r\n")),
    ("9112 8", "a head that is cut", "502", b"HTTP/1.1 200 OK\r\nContent-Le", True),
    ("9112 8", "nothing", "502", b"", True),
    # Length.
    ("9112 6.3", "two lengths that differ", "502", answer(b"Content-Length: 6\r\nContent-Length: 3\r\n")),
    ("9112 6.3", "two lengths that agree", "502", answer(b"Content-Length: 6\r\nContent-Length: 6\r\n")),
    ("9112 6.3", "a list of lengths", "502", length(b"6, 6")),
    ("9110 8.6", "an empty length", "502", length(b"")),
    ("9110 8.6", "a length with a plus", "502", length(b"+6")),
    ("9110 8.6", "a length with a minus", "502", length(b"-6")),
    ("9110 8.6", "a hexadecimal length", "502", length(b"0x6")),
    ("9110 8.6", "a length of 2^64+6 that wraps", "502", length(b"18446744073709551622")),
    ("9110 8.6", "a length of 2^63", "502", length(b"9223372036854775808")),
    ("9110 8.6", "a length in quotes", "502", length(b'"6"')),
    ("9110 8.6", "zeros before the length", "whole", length(b"006")),
    ("9112 6.3", "less than the length", "cut", length(b"7"), True),
    ("9112 6.3", "nothing of the length", "cut", length(b"6", b""), True),
    ("9112 6.3", "more than the length", "last", length(b"6", b"answerHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
    ("9112 6.3", "neither length nor coding", "last", answer(), "alert"),
    ("9112 9.8", "neither length nor coding, and TLS is cut", "cut", answer(), True),
    ("9112 9.8", "chunks, and TLS is cut inside", "cut", chunked(b"6\r\nans"), True),
    # Coding.
    ("9112 6.3", "coding and length", "502",
     answer(b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", body=b"6\r\nanswer\r\n0\r\n\r\n")),
    ("9112 6.1", "coding in HTTP/1.0", "502", coding(b"chunked").replace(b"HTTP/1.1", b"HTTP/1.0")),
    ("9112 6.1", "chunked twice", "502", coding(b"chunked, chunked")),
    ("9112 6.1", "chunked on two lines", "502", coding(b"chunked", b"chunked")),
    ("9112 6.1", "gzip, then chunked", "502", coding(b"gzip, chunked")),
    ("9112 6.3", "gzip alone", "502", coding(b"gzip"), True),
    ("9112 6.3", "identity", "502", coding(b"identity"), True),
    ("9112 7", "letters before chunked", "502", coding(b"xchunked")),
    ("9112 7", "chunked after a vertical tab", "502", coding(b"\x0bchunked")),
    ("9112 7", "chunked with a parameter", "502", coding(b"chunked;q=1")),
    ("9112 7", "chunked in capitals", "whole", coding(b"CHUNKED")),
    # The chunked coding.
    ("9112 7.1", "a size with 0x", "cut", chunked(b"0x6\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a size with a minus", "cut", chunked(b"-6\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a blank before a size", "cut", chunked(b" 6\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a blank after a size", "cut", chunked(b"6 \r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "no size", "cut", chunked(b"\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a size of 2^64+6 that wraps", "cut", chunked(b"10000000000000006\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a size that ends in LF", "cut", chunked(b"6\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a chunk longer than its size", "cut", chunked(b"3\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1", "a chunk that ends in LF", "cut", chunked(b"6\r\nanswer\n0\r\n\r\n")),
    ("9112 7.1", "a body that ends in LF", "cut", chunked(b"6\r\nanswer\r\n0\r\n\n")),
    ("9112 7.1", "no last chunk", "cut", chunked(b"6\r\nanswer\r\n"), True),
    ("9112 7.1", "no end of the last chunk", "cut", chunked(b"6\r\nanswer\r\n0\r\n"), True),
    ("9112 7.1.1", "LF in an extension", "cut", chunked(b"6;a\nb\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1.1", "an extension", "whole", chunked(b"6;a=b\r\nanswer\r\n0\r\n\r\n")),
    ("9112 7.1.2", "trailers", "whole", chunked(b"6\r\nanswer\r\n0\r\nA: b\r\n\r\n")),
    ("9112 7.1.2", "a trailer without a colon", "cut", chunked(b"6\r\nanswer\r\n0\r\nNonsense\r\n\r\n")),
    ("9112 7.1.2", "trailers without an end", "cut", chunked(b"6\r\nanswer\r\n0\r\n" + b"A: b\r\n" * 2000)),
    ("9112 7.1", "more after the end", "last", chunked(b"6\r\nanswer\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")),
    # How much of a head is taken: 64 KiB, with a body after it.
    ("9110 5.4", "a head of 64 KiB", "whole", long_head(64 * 1024)),
    ("9110 5.4", "a head of 64 KiB and a byte", "502", long_head(64 * 1024 + 1)),
    # Which answer it is.
    ("9110 15.2.2", "101 that nobody asked for", "502",
     b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    ("9110 15.2", "100, then the answer", "whole", b"HTTP/1.1 100 Continue\r\n\r\n" + length(b"6")),
    ("9110 15.2", "103, then the answer", "hinted", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + length(b"6")),
    ("9110 15.2", "100, then nonsense", "502", b"HTTP/1.1 100 Continue\r\n\r\nnonsense\r\n\r\n"),
    ("9110 15.2", "100 with a length", "502", b"HTTP/1.1 100 Continue\r\nContent-Length: 6\r\n\r\nanswer" + length(b"6")),
    ("9110 15.3.5", "204 with a length has no body", "last", answer(b"Content-Length: 6\r\n", status=b"HTTP/1.1 204 No\r\n")),
    ("9112 9.6", "close is said", "last", answer(b"Content-Length: 6\r\nConnection: close\r\n")),
    ("9112 9.3", "HTTP/1.0", "last", status(b"HTTP/1.0 200 OK\r\n")),
]
