# Runs a server for exactly as long as this script's standard input stays open. The process that started it holds the
# other end of that pipe, and the kernel closes it however that process ends, SIGKILL included.
#
# $1               a folder to remove at the end, or nothing
# the rest         the server program and its arguments
# REDWRIGHT_INPUT  what the server reads from its standard input: a secret belongs there and not on a command line
#
# It leads a process group of its own, so that Ctrl-C in a terminal reaches the application and not the server under it.

folder=$1
shift
input=$REDWRIGHT_INPUT
unset REDWRIGHT_INPUT
exec 3<&0 2>&1

"$@" 3<&- <<END &
$input
END
server=$!

# The end of the pipe. SIGKILL, because a server that is stopped or busy in a script heeds nothing else.
(
  read -r _ <&3
  kill -KILL "$server"
) &
watcher=$!

# Both children are waited for: process 1 of a container may reap nothing.
{
  wait "$server"
  kill -KILL "$watcher"
  wait "$watcher"
} 2>/dev/null

[ -z "$folder" ] || rm -rf -- "$folder"

# Whatever is left of the group, this shell included: a server program that is itself a script may have started others.
kill -KILL 0
