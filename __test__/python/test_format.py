"""Checks of `redwright_format` that need no server: python3 -m unittest discover __test__/python"""

import unittest

from redwright_format import BUFFER, BYTES, JSON, MISS, NONE, Entry, build_entry, key, parse_entry, read, split_key, write


class Keys(unittest.TestCase):
    def test_a_plain_name_stays_as_it_is(self):
        self.assertEqual(key("cache", "user", "1000"), "cache:user:1000")

    def test_no_namespace_reaches_anothers_keys(self):
        self.assertEqual(key("a:b", "50%", "x:y%"), "a%3Ab:50%25:x:y%")
        for parts in [("a:b", "50%", "x:y"), ("%3A", "%25", ""), ("%253A:", ":", ":::")]:
            self.assertEqual(split_key(key(*parts)), parts)


class Values(unittest.TestCase):
    def test_values_come_back(self):
        for value in [None, True, 0, -1.5e300, "", "Größe 😀", '"', [1, [2]], {"": {"a": None}}, b"", b"\x00\xc1\xff"]:
            self.assertEqual(read(write(value)), value)

    def test_what_json_has_not_is_refused(self):
        with self.assertRaises(ValueError):
            write(float("nan"))

    def test_a_plain_string_is_itself(self):
        self.assertEqual(read("plain, no JSON".encode()), "plain, no JSON")

    def test_what_cannot_be_read_is_a_miss(self):
        for stored in [None, b"\xc1", b"\xc1\x01", b"\xc1\x01\x09x", b"\xc1\x02\x03", b"\xc1\x07\x01x", b"\xff\xfe", b'{"a":"\xff"}']:
            self.assertIs(read(stored), MISS)


class Version1(unittest.TestCase):
    def test_the_header_is_three_bytes(self):
        self.assertEqual(write(b"ab"), b"\xc1\x01\x01ab")
        self.assertEqual(parse_entry(b"\xc1\x01\x02ab"), Entry(1, BUFFER, b"ab"))


class Version2(unittest.TestCase):
    full = Entry(2, JSON, b'{"a":1}', False, False, 2**64 - 1, 1_800_000_000_000, 3_600_000, 600_000, 250, (b"\x01\x02\x03\x04", b"tag2"))

    def test_every_field_has_its_place(self):
        self.assertEqual(
            build_entry(self.full).hex(" ", 1),
            "c1 02 03 00 ff ff ff ff ff ff ff ff 01 a3 18 5c 50 00 00 00 00 36 ee 80 00 00 00 09 27 c0 00 00 00 fa 00 02 "
            "01 02 03 04 74 61 67 32 7b 22 61 22 3a 31 7d",
        )

    def test_entries_come_back(self):
        for entry in [
            self.full,
            Entry(2, NONE, b"", lease_token=7, lease_end_ms=9),
            Entry(2, BYTES, b"\x00\xff", invalidated=True),
            Entry(2, JSON, b"null", negative=True),
        ]:
            self.assertEqual(parse_entry(build_entry(entry)), entry)

    def test_its_value_is_that_of_the_codec(self):
        self.assertEqual(read(build_entry(self.full)), {"a": 1})
        self.assertEqual(read(build_entry(Entry(2, BYTES, b"\xff"))), b"\xff")

    def test_a_lease_and_what_is_marked_are_misses(self):
        for entry in [Entry(2, NONE, b"", lease_token=7), Entry(2, JSON, b"1", invalidated=True), Entry(2, JSON, b"null", negative=True)]:
            self.assertIs(read(build_entry(entry)), MISS)

    def test_a_compressed_payload_is_read(self):
        # "ab" as it is, then 18 bytes from 2 back, then 5 as they are: the shortest end that LZ4 allows.
        block = (25).to_bytes(4, "little") + b"\x2eab\x02\x00\x50ababa"
        self.assertEqual(parse_entry(build_entry(Entry(2, BYTES | 0x80, block))), Entry(2, BYTES, b"ab" * 10 + b"ababa"))
        long = (300).to_bytes(4, "little") + b"\xf0\xff\x1e" + b"x" * 300
        self.assertEqual(parse_entry(build_entry(Entry(2, BYTES | 0x80, long))).payload, b"x" * 300)

    def test_a_header_cut_short_or_a_broken_block_is_a_miss(self):
        stored = build_entry(self.full)
        for end in range(44):
            self.assertIsNone(parse_entry(stored[:end]))
        size = (9).to_bytes(4, "little")
        for block in [b"", b"\x00", size + b"\x10", size + b"\x10a\x05\x00", size + b"\xf0\xff", size + b"\x10a"]:
            self.assertIsNone(parse_entry(build_entry(Entry(2, BYTES | 0x80, block))), block)


if __name__ == "__main__":
    unittest.main()
