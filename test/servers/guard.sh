#!/bin/sh
# Runs a server and kills it when whoever started this script is gone: the starter holds the other end of our
# standard input, which the system closes even after kill -9. The folder of the pid file goes with it.
# Usage: guard.sh PIDFILE COMMAND [ARGUMENT...]
pidfile="$1"; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "$server" > "$pidfile"
(while read -r _ <&3; do :; done; : > "$pidfile.orphan"; kill -KILL "$server") 2>/dev/null &
watcher=$!
trap 'kill -TERM "$server" 2>/dev/null' TERM INT
wait "$server"; code=$?
while kill -0 "$server" 2>/dev/null; do wait "$server"; code=$?; done
kill "$watcher" 2>/dev/null
if [ -e "$pidfile.orphan" ]; then rm -rf "$(dirname "$pidfile")"; fi
exit "$code"
