export const many = (unit: string) => unit.repeat(Math.ceil(65536 / unit.length))

/** What no reply begins with, never ends, or says of itself what cannot be: for the first of some commands that wait. */
export const BYTES: Record<string, string> = {
  'an HTTP answer': 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>',
  'a TLS alert': '\x15\x03\x01\x00\x02\x02\x46',
  'an SSH greeting': 'SSH-2.0-OpenSSH_9.2p1\r\n',
  zeros: '\0'.repeat(100),
  'line ends': '\r\n\r\n\r\n',
  'bytes of no meaning': '\xde\xad\xbe\xef\r\n\xff\xfe\r\n',
  'a line without an end': `+${many('x')}`,
  'a string that is longer than anything': '$99999999999\r\nx',
  'a list that is longer than anything': '*2147483647\r\n:1\r\n',
  'a map that is longer than anything': '%9223372036854775807\r\n:1\r\n',
  'a length that is no number': '$5x\r\nhello\r\n',
  'a length of letters': '*abc\r\n',
  'no length': '$\r\nhello\r\n',
  'a negative length': '$-2\r\n',
  'a negative list': '*-9223372036854775808\r\n',
  'a length that no number holds': '$18446744073709551616\r\n',
  'an error that is longer than anything': '!18446744073709551615\r\nx',
  'a string that is longer than it says': '$3\r\nhello\r\n',
  'a string that is shorter than it says': '$9\r\nhello\r\n+OK\r\n',
  'a number that is none': ':one\r\n',
  'a number that no integer holds': ':9223372036854775808\r\n',
  'a truth that is none': '#x\r\n',
  'a verbatim string without a format': '=2\r\nab\r\n',
  'a verbatim string of an unknown format': '=9\r\nzzz:hello\r\n',
  'text that is no UTF-8': '-ERR \xff\xfe\r\n',
  'an unknown kind': '@hello\r\n',
  'an attribute of nothing': '|1\r\n+a\r\n+b\r\n|1\r\n+a\r\n+b\r\n+OK\r\n',
  'lists in each other without an end': '*1\r\n'.repeat(9000),
  'maps in each other without an end': '%1\r\n+a\r\n'.repeat(9000),
  'attributes before each other without an end': '|1\r\n+a\r\n'.repeat(9000),
}

/** In RESP2 each part would be a reply of its own. */
export const STREAMS: Record<string, string> = {
  'a streamed list': '*?\r\n:1\r\n:2\r\n.\r\n',
  'a streamed list without an end': `*?\r\n${many(':1\r\n')}`,
  'a streamed map': '%?\r\n+a\r\n:1\r\n.\r\n',
  'a streamed map of one': '%?\r\n+a\r\n.\r\n',
  'a streamed set of lists': '~?\r\n*0\r\n.\r\n',
  'a stream in a stream': '*?\r\n*?\r\n:1\r\n.\r\n.\r\n',
  'a streamed string': '$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n',
  'a streamed string without an end': `$?\r\n${many(';1\r\nx\r\n')}`,
}

/** What the server says beside the replies. None of it is meant for a caller. */
export const UNASKED: Record<string, string> = {
  'an invalidation': '>2\r\n+invalidate\r\n*1\r\n+key\r\n',
  'an invalidation of everything': '>2\r\n+invalidate\r\n_\r\n',
  'a push of two strings': '>2\r\n+a\r\n+b\r\n',
  'a push of one': '>1\r\n+a\r\n',
  'an empty push': '>0\r\n',
  'a push of strings only': '>3\r\n+own 1\r\n+own 2\r\n+own 3\r\n',
  'a deep push': `>1\r\n${'*1\r\n'.repeat(1000)}:1\r\n`,
  'a push with an attribute': '|1\r\n+a\r\n+b\r\n>1\r\n+a\r\n',
  'a move of slots': '>3\r\n+MOVING\r\n:1\r\n:15\r\n',
}

/** What fred knows for a message and drops, whoever asked for it. */
export const MESSAGES: Record<string, string> = {
  'a message': '>3\r\n+message\r\n+channel\r\n+text\r\n',
  'a message of RESP2': '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$4\r\ntext\r\n',
  'a message by pattern': '>4\r\n+pmessage\r\n+*\r\n+channel\r\n+text\r\n',
  'a message of a shard': '>3\r\n+smessage\r\n+channel\r\n+text\r\n',
  'a message of lists': '>3\r\n+message\r\n*1\r\n:1\r\n%1\r\n+a\r\n:1\r\n',
  'a message of nothing': '>3\r\n+message\r\n_\r\n_\r\n',
  'a subscription': '>3\r\n+subscribe\r\n+channel\r\n:1\r\n',
  'an event of a key': '>3\r\n+message\r\n+__keyspace@99999__:k\r\n+set\r\n',
}
