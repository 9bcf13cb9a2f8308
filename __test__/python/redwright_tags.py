"""Tags as Redwright keeps them, for a single server: a readable reference for other languages, with redis-py. `docs/interop.md` says why it is so.

    %tag:{T}      sorted set: the keys that carry T, each with the time, in ms of the server's clock, at which its entry has ended
    %last:{T}     the epoch of the last invalidation of T, for an hour
    %doomed:{T}   the keys that a deleting invalidation has set aside
    %epoch        counts invalidations
"""

import redis
from redwright_format import JSON, MAGIC, Entry, build_entry, parse_entry, write

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MARGIN_MS = 1000
BATCH = 256

EPOCH = """
local time = redis.call('TIME')
local epoch = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) + 1, time[1] * 1000000 + time[2])
local text = string.format('%.0f', epoch)
redis.call('SET', KEYS[1], text, 'PX', ARGV[1])
return text
"""
DOOM = """
local last = redis.call('GET', KEYS[2])
if not last or (tonumber(last) or 0) < tonumber(ARGV[1]) then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
if redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
redis.call('RENAME', KEYS[1], KEYS[3])
redis.call('ZADD', KEYS[3], '-' .. ARGV[1], '')
return 1
"""
DRAIN = """
local which = redis.call('ZSCORE', KEYS[1], '') or ''
if #ARGV > 2 and ARGV[2] == which then redis.call('ZREM', KEYS[1], unpack(ARGV, 3)) end
local reply = { 0, which }
for _, key in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1])) do
  if key ~= '' then reply[#reply + 1] = key end
end
reply[1] = #reply - 2
if reply[1] == 0 then redis.call('UNLINK', KEYS[1]) end
return reply
"""


def mark(tag):
    """What stands for a tag in an entry: FNV-1a of 32 bits over its UTF-8, big-endian."""
    sum = 0x811C9DC5
    for byte in tag.encode("utf-8"):
        sum = ((sum ^ byte) * 0x01000193) % 2**32
    return sum.to_bytes(4, "big")


def tag_key(prefix, what, tag):
    return f"{_escape(prefix)}:%{what}:{{{_escape(tag)}}}"


def epoch_key(prefix):
    return f"{_escape(prefix)}:%epoch"


def _escape(part):
    """As in keys, and the braces too, so that in a cluster the tag alone decides the slot."""
    return part.replace("%", "%25").replace(":", "%3A").replace("{", "%7B").replace("}", "%7D")


def write_tagged(value, tags, life_ms):
    """The bytes of an entry that carries tags."""
    plain = write(value)
    own = parse_entry(plain) if plain[0] == MAGIC else None
    codec, payload = (own.codec, own.payload) if own else (JSON, plain)
    return build_entry(Entry(2, codec, payload, life_ms=life_ms, tags=tuple(mark(tag) for tag in tags)))


def set_tagged(client, prefix, name, value, tags, life_ms):
    """The key is entered into the index of each tag before its entry is written, all of it in one transaction."""
    indexes = [tag_key(prefix, "tag", tag) for tag in tags]

    def store(pipe):
        left = {index: pipe.pttl(index) for index in indexes}
        seconds, micros = pipe.time()
        now = seconds * 1000 + micros // 1000
        pipe.multi()
        for index in indexes:
            pipe.zadd(index, {name: now + life_ms + MARGIN_MS})
            # The life of an index never gets shorter: -1 has no end, -2 is not there yet.
            if left[index] != -1 and left[index] < life_ms + MARGIN_MS:
                pipe.pexpire(index, life_ms + MARGIN_MS)
        pipe.set(name, write_tagged(value, tags, life_ms), px=life_ms)

    # Does it again where another has changed an index meanwhile.
    client.transaction(store, *indexes)


def invalidate(client, prefix, tag):
    """Deletes all entries that carry the tag, and breaks the leases of loads that may bring old ones. How many entries."""
    epoch = client.eval(EPOCH, 1, epoch_key(prefix), DAY_MS)
    index, last, doomed = (tag_key(prefix, what, tag) for what in ("tag", "last", "doomed"))
    count = 0
    while not client.eval(DOOM, 3, index, last, doomed, epoch, HOUR_MS):
        # An earlier invalidation has not been ended: its keys first.
        count += _drain(client, doomed, mark(tag))
    return count + _drain(client, doomed, mark(tag))


def _drain(client, doomed, which):
    count, by, keys = 0, "", []
    while True:
        _, by, *keys = client.eval(DRAIN, 1, doomed, BATCH, by, *keys)
        if not keys:
            return count
        count += sum(_break(client, name, which) for name in keys)


def _break(client, name, which):
    """Deletes an entry that carries the tag, and a lease without a value; takes the lease off another's."""

    def change(pipe):
        stored = pipe.get(name)
        entry = parse_entry(stored) if stored else None
        pipe.multi()
        if entry is None or entry.version != 2:
            return 0
        if entry.codec == 0 or which in entry.tags:
            pipe.unlink(name)
            return int(entry.codec != 0)
        if entry.lease_token:
            pipe.setrange(name, 4, bytes(8))
        return 0

    try:
        return client.transaction(change, name, value_from_callable=True)
    except redis.ResponseError as error:
        # What is no string is not ours.
        if "WRONGTYPE" in str(error):
            return 0
        raise
