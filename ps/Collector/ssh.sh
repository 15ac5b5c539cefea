#!/bin/sh
# The ssh of a PowerShell session. If ssh ended while PowerShell writes to it, PowerShell itself would end, with an
# exception that nobody can catch; if it ended before PowerShell listens, PowerShell would wait for nothing. So a process
# beside it keeps ssh's output open for a moment, and its input until ssh has ended and PowerShell closes it.
exec 3<&0
(
  exec 3<&-
  first=
  second=0.5
  while read -r stat < /proc/$$/stat; do
    # State and start time; the name before them may have any characters.
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "${first:=${20}}" = "${20}" ] || break
    sleep $second
    second=1
    exec > /dev/null 2>&1
  done 2> /dev/null
  sleep 0.2
  exec > /dev/null 2>&1
  exec cat
) <&3 &
exec ssh "$@" 3<&-
