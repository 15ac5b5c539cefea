#!/bin/sh
# The ssh of a PowerShell session. If ssh ended while PowerShell writes to it, PowerShell itself would end, with an
# exception that nobody can catch; if it ended before PowerShell listens, PowerShell would wait for nothing. So a process
# beside it keeps ssh's input open until ssh has ended and PowerShell closes it, and its outputs until ssh has ended and
# PowerShell has written. What ssh, and the other machine through it, writes to standard error gets to nobody: PowerShell
# would write it to the terminal. Where the module names a file, ssh's own errors go there.
exec 3<&0
(
  exec 3<&-
  PATH=$PATH:/usr/bin:/bin
  first=
  count=0
  while read -r stat < /proc/$$/stat; do
    # State and start time; the name before them may have any characters.
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "${first:=${20}}" = "${20}" ] || break
    count=$((count + 1))
    if [ $count -le 50 ]; then sleep 0.2; else sleep 1; fi
  done 2> /dev/null
  # What PowerShell has written first is still there, or ssh has read it.
  if [ $count -le 50 ]; then timeout 3 head -c 1; fi > /dev/null 2>&1
  exec > /dev/null 2>&1
  exec cat
) <&3 &
for one; do
  shift
  case $one in
    PortOwnerLog=*) set -- "$@" LogLevel=ERROR -E "${one#*=}" ;;
    *) set -- "$@" "$one" ;;
  esac
done
exec ssh "$@" 2> /dev/null 3<&-
