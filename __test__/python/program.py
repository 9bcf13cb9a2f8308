"""A Python program with redis-py, as a user would write it, told what to do by `python.spec.ts`.

Argument: the URL of the server. On standard input a JSON list of `["get", key...]`, `["set", key..., value, ttl in ms or null]` and
`["ttl", key...]`, where a key is its prefix, namespace and id; `["set tagged", key..., value, ttl in ms, tags]`, `["marks", key...]`,
`["mark", prefix, tag]` and `["invalidate", prefix, tag]`. Prints the list of results. Bytes are `{"$bytes": hex}`, a miss is `{"$miss": true}`.
"""

import json
import sys

import redis
from redwright_format import MISS, key, parse_entry, read, write
from redwright_tags import invalidate, mark, set_tagged


def to_json(value):
    if value is MISS:
        return {"$miss": True}
    return {"$bytes": value.hex()} if isinstance(value, bytes) else value


def from_json(value):
    return bytes.fromhex(value["$bytes"]) if isinstance(value, dict) and "$bytes" in value else value


def main(url):
    client = redis.Redis.from_url(url, socket_timeout=30)

    def do(action, prefix, *rest):
        if action == "invalidate":
            return invalidate(client, prefix, *rest)
        if action == "mark":
            return mark(*rest).hex()
        return do_one(action, prefix, *rest)

    def do_one(action, prefix, namespace, id, value=None, ttl=None, tags=None):
        name = key(prefix, namespace, id)
        if action == "marks":
            return [one.hex() for one in parse_entry(client.get(name)).tags]
        if action == "set tagged":
            return set_tagged(client, prefix, name, from_json(value), tags, ttl)
        if action == "get":
            return to_json(read(client.get(name)))
        if action == "ttl":
            return client.pttl(name)
        return client.set(name, write(from_json(value)), px=ttl)

    requests = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    json.dump([do(*request) for request in requests], sys.stdout)


main(*sys.argv[1:])
