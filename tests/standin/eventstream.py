"""Messages of application/vnd.amazon.eventstream, as InvokeEndpointWithResponseStream sends them."""
import struct
import zlib


def message(payload, event_type="PayloadPart", content_type="application/octet-stream"):
    headers = b""
    for name, value in ((":message-type", "event"), (":event-type", event_type), (":content-type", content_type)):
        headers += struct.pack("!B", len(name)) + name.encode() + b"\x07"
        headers += struct.pack("!H", len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    head = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + payload
    return head + struct.pack("!I", zlib.crc32(head))
