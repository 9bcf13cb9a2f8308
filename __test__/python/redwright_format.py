"""How Redwright lays out keys and values in Redis: a readable reference for other languages. It needs nothing but Python.

A key is `prefix:namespace:id`. A value is plain JSON text, or carries a header before its payload. The first byte of a header, 0xC1, is
one that no UTF-8 text holds anywhere, so that the two cannot be mistaken for each other. Numbers in a header are big-endian.

Version 1, for bytes:

    0      C1
    1      01
    2      codec of the payload: 1 bytes, 2 bytes that were a Buffer of Node
    3..    payload

Version 2:

    0      C1
    1      02
    2      codec: 0 no payload, 1 bytes, 2 Buffer, 3 JSON, 4 typed; with 0x80 added the payload is an LZ4 block behind its size
           uncompressed, 4 bytes little-endian
    3      flags: 1 invalidated, 2 negative (what was looked for does not exist)
    4-11   token of the lease of whoever loads it, 0 for none
    12-17  when the lease ends, in ms of the server's clock
    18-23  life in ms in all, 0 for no end
    24-29  of which stale, at its end
    30-33  how long it took to load, in ms
    34-35  number of tags
    ..     4 bytes for each tag
    ..     payload

What a reader does not know, it takes for a miss: never for an error, and it deletes nothing.
"""

import json
from dataclasses import dataclass

MAGIC = 0xC1
NONE, BYTES, BUFFER, JSON, TYPED = range(5)
COMPRESSED = 0x80
INVALIDATED, NEGATIVE = 1, 2
MISS = object()


def key(prefix, namespace, id):
    """Only the id may hold a raw `:`, so that no namespace reaches another's keys."""
    return f"{_escape(prefix)}:{_escape(namespace)}:{id}"


def split_key(text):
    prefix, namespace, id = text.split(":", 2)
    return _unescape(prefix), _unescape(namespace), id


def _escape(part):
    return part.replace("%", "%25").replace(":", "%3A")


def _unescape(part):
    return part.replace("%3A", ":").replace("%25", "%")


@dataclass(frozen=True)
class Entry:
    version: int
    codec: int
    payload: bytes
    invalidated: bool = False
    negative: bool = False
    lease_token: int = 0
    lease_end_ms: int = 0
    life_ms: int = 0
    stale_ms: int = 0
    load_ms: int = 0
    tags: tuple = ()


def parse_entry(stored):
    """The entry behind a header; `None` for text, and for what cannot be read."""
    if len(stored) < 3 or stored[0] != MAGIC:
        return None
    if stored[1] == 1:
        return Entry(1, stored[2], stored[3:]) if stored[2] in (BYTES, BUFFER) else None
    if stored[1] != 2 or len(stored) < 36:
        return None
    codec, flags = stored[2], stored[3]

    def number(start, end):
        return int.from_bytes(stored[start:end], "big")

    end = 36 + 4 * number(34, 36)
    plain = codec & ~COMPRESSED
    if len(stored) < end or plain > TYPED or flags & ~(INVALIDATED | NEGATIVE):
        return None
    payload = stored[end:]
    try:
        if codec & COMPRESSED:
            payload = _decompress(payload)
    except (IndexError, ValueError):
        return None
    return Entry(
        version=2,
        codec=plain,
        payload=payload,
        invalidated=bool(flags & INVALIDATED),
        negative=bool(flags & NEGATIVE),
        lease_token=number(4, 12),
        lease_end_ms=number(12, 18),
        life_ms=number(18, 24),
        stale_ms=number(24, 30),
        load_ms=number(30, 34),
        tags=tuple(stored[start : start + 4] for start in range(36, end, 4)),
    )


def build_entry(entry):
    """The bytes of an entry. It compresses nothing: a writer need not."""
    if entry.version == 1:
        return bytes([MAGIC, 1, entry.codec]) + entry.payload
    header = bytes([MAGIC, 2, entry.codec, INVALIDATED * entry.invalidated | NEGATIVE * entry.negative])
    fields = [(entry.lease_token, 8), (entry.lease_end_ms, 6), (entry.life_ms, 6), (entry.stale_ms, 6), (entry.load_ms, 4)]
    header += b"".join(number.to_bytes(size, "big") for number, size in fields)
    return header + len(entry.tags).to_bytes(2, "big") + b"".join(entry.tags) + entry.payload


def read(stored):
    """The value of what `GET` gave; `MISS` for nothing, and for what cannot be read."""
    if stored is None:
        return MISS
    if stored[:1] == bytes([MAGIC]):
        entry = parse_entry(stored)
        if entry is None or entry.codec in (NONE, TYPED) or entry.invalidated or entry.negative:
            return MISS
        return entry.payload if entry.codec in (BYTES, BUFFER) else _from_json(entry.payload)
    return _from_json(stored)


def _from_json(stored):
    try:
        text = stored.decode("utf-8")
    except UnicodeDecodeError:
        return MISS
    try:
        return json.loads(text)
    except ValueError:
        # A plain string that somebody else has written.
        return text


def write(value):
    """What to `SET`: with `PX`, unless the entry is to have no end."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return build_entry(Entry(1, BYTES, bytes(value)))
    # `NaN` and `Infinity` are no JSON, though Python writes them.
    return json.dumps(value, allow_nan=False).encode("utf-8")


def _decompress(block):
    """An LZ4 block behind its size (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md)."""
    if len(block) < 5:
        raise ValueError("not even the size and a token")
    size, at, out = int.from_bytes(block[:4], "little"), 4, bytearray()

    def length(nibble):
        nonlocal at
        total = nibble
        more = nibble == 15
        while more:
            total += block[at]
            more = block[at] == 255
            at += 1
        return total

    while at < len(block):
        token = block[at]
        at += 1
        literals = length(token >> 4)
        out += block[at : at + literals]
        at += literals
        if at >= len(block):
            break
        offset = int.from_bytes(block[at : at + 2], "little")
        at += 2
        if not 0 < offset <= len(out):
            raise ValueError("an offset that points nowhere")
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    if len(out) != size:
        raise ValueError("not of the size that it says")
    return bytes(out)
