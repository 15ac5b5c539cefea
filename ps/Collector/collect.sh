# Says what Linux itself says of sockets and who holds them, as one text that portowner reads (--from). It needs sh,
# ls, sed, grep and /proc, writes no file, and changes nothing. docs/architecture/collection.md describes the text.
# Variables that are set before it ask for more: command_lines=1, facts_version=N (a portowner here may answer instead,
# with facts of this version), calls, version, and text (its own answers to calls, by this version; text is its input),
# and limit=SECONDS (after which it ends).
#
# A line that begins with @ names what follows, one with a blank is a line of it, and one with ! says why there is none.
# The kernel's names may hold anything, line breaks too: so each line of data has its blank, and the lists of links are
# sent with the list of what was asked, so that whoever reads them sees a line that a file's name only pretends to be.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin
LC_ALL=C
export PATH LC_ALL
unset IFS CDPATH GREP_OPTIONS

part() { printf '@%s\n' "$1"; }

# Lines of standard input as data.
data() { sed 's/^/ /'; }

file() {
  part "$1"
  if [ ! -e "$2" ]; then echo '!NotSupported the system does not have it'
  elif ! sed 's/^/ /' "$2" 2>/dev/null; then echo '!AccessDenied access is denied'
  fi
}

# The output of a tool, if there is one: its absence is left out, as is what it refuses.
tool() {
  name=$1
  shift
  command -v "$1" >/dev/null 2>&1 || return 0
  text=$("$@" 2>/dev/null) || return 0
  part "$name"
  printf '%s\n' "$text" | data
}

machine() {
  part machine
  printf ' platform linux\n name %s\n release %s\n architecture %s\n uid %s\n at %s\n' \
    "$(uname -n)" "$(uname -r)" "$(uname -m)" "$(id -u)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
  ls -l /proc/self/ns/pid 2>/dev/null | sed -n 's/.* -> / namespace /p'
}

# A line of ls for each link: its place, and where it leads. Only a link's own line has no > before its arrow.
links() {
  xargs ls -ln 2>/dev/null | sed -n "$1"
}

processes() {
  part unreadable
  for folder in /proc/[0-9]*; do
    [ -r "$folder/fd" ] || [ ! -e "$folder" ] || printf ' %s\n' "${folder#/proc/}"
  done
  part descriptors
  printf '%s\n' /proc/[0-9]*/fd/* | sed -n 's|^/proc/\([0-9]*\)/fd/\([0-9]*\)$| \1 \2|p'
  part links
  printf '%s\n' /proc/[0-9]*/fd/* | links '
    s|^l[^>]* /proc/\([0-9]*\)/fd/\([0-9]*\) -> socket:\[\([0-9]*\)\]$| \1 \2 \3|p
    t
    s|^l[^>]* /proc/\([0-9]*\)/fd/\([0-9]*\) -> .*$| \1 \2 -|p
    t
    s|^l[^>]* /proc/\([0-9]*\)/fd/\([0-9]*\)$| \1 \2 ?|p'
  part executables
  printf '%s\n' /proc/[0-9]*/exe | links '
    s|^l[^>]* /proc/\([0-9]*\)/exe -> \(.*\)$| \1 \2|p
    t
    s|^l[^>]* /proc/\([0-9]*\)/exe$| \1|p'
  for name in stat cgroup; do
    part "$name"
    printf '%s\n' /proc/[0-9]*/$name | xargs grep -a '' /dev/null 2>/dev/null |
      sed "s|^/proc/\([0-9]*\)/$name:| \1 |"
  done
  part users/effective
  printf '%s\n' /proc/[0-9]*/status | xargs grep '^Uid:' /dev/null 2>/dev/null |
    sed -n 's|^/proc/\([0-9]*\)/status:Uid:[^0-9]*[0-9]*[^0-9]*\([0-9]*\).*| \1 \2|p'
  [ "$command_lines" = 1 ] || return 0
  part arguments
  for folder in /proc/[0-9]*; do
    # Only ends of arguments are zeros; what is a line break in one of them becomes \1.
    { tr '\n\0' '\1\n' <"$folder/cmdline" | sed "s|^| ${folder#/proc/} |"; } 2>/dev/null
  done
}

users() {
  part users
  cut -d: -f1-3 /etc/passwd 2>/dev/null | data
  command -v getent >/dev/null 2>&1 || return 0
  part users/others
  sed 's/^ *//' /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 2>/dev/null |
    sed -n 's/^[0-9]*: [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]*  *\([0-9]*\) .*/\1/p' | sort -u |
    while read -r uid; do
      cut -d: -f3 /etc/passwd | grep -qx "$uid" || getent passwd "$uid" | cut -d: -f1-3
    done | data
}

kernel() {
  part boot
  grep '^btime ' /proc/stat 2>/dev/null | data
  printf ' hertz %s\n' "$(getconf CLK_TCK 2>/dev/null || echo 100)"
  for name in ip_local_port_range ip_local_reserved_ports ip_unprivileged_port_start; do
    file "ranges/$name" "/proc/sys/net/ipv4/$name"
  done
  part kernel/modules
  ls /sys/module 2>/dev/null | data
  file kernel/nfsd /proc/fs/nfsd/portlist
  file kernel/nlm_tcpport /proc/sys/fs/nfs/nlm_tcpport
  file kernel/nlm_udpport /proc/sys/fs/nfs/nlm_udpport
  file kernel/rxrpc /proc/net/rxrpc/locals
  file kernel/sctp /proc/sys/net/sctp/udp_port
  file kernel/dlm /sys/kernel/config/dlm/cluster/tcp_port
  part kernel/iscsi
  for path in /sys/kernel/config/target/iscsi/*/*/np/*; do [ ! -e "$path" ] || printf ' %s\n' "$path"; done
  part kernel/nvmet
  for path in /sys/kernel/config/nvmet/ports/*; do
    [ ! -e "$path" ] || printf ' %s %s\n' "$(cat "$path/addr_trtype")" "$(cat "$path/addr_trsvcid")"
  done
  part kernel/ocfs2
  cat /sys/kernel/config/cluster/*/node/*/ipv4_port 2>/dev/null | data
  for name in vxlan geneve bareudp gtp amt wireguard; do
    [ ! -d "/sys/module/$name" ] || { tool kernel/links ip -details -json link show; break; }
  done
  [ ! -d /sys/module/lockd ] || tool kernel/rpc rpcinfo -p
  [ ! -d /sys/module/wireguard ] || tool kernel/wireguard wg show all listen-port
  [ ! -d /sys/module/fou ] || tool kernel/fou ip -json fou show
  [ ! -d /sys/module/l2tp_core ] || tool kernel/l2tp ip -json l2tp show tunnel
  tool addresses ip -o address show
}

# Where systemd looks for units, what counts most first: systemd.unit(5).
unit_root=
unit_folders='etc/systemd/system.control run/systemd/system.control run/systemd/transient run/systemd/generator.early
  etc/systemd/system etc/systemd/system.attached run/systemd/system run/systemd/system.attached run/systemd/generator
  usr/local/lib/systemd/system usr/lib/systemd/system lib/systemd/system run/systemd/generator.late'

# The places of a file or folder below them, as a pattern, one a line; a name with other characters is no unit's.
in_units() {
  for folder in $unit_folders; do
    for path in "$unit_root/$folder"/$1; do
      case ${path##*/} in *[!A-Za-z0-9:_.@\\-]*) continue ;; esac
      [ ! -e "$path" ] && [ ! -L "$path" ] || printf '%s\n' "$path"
    done
  done
}

# With a line break where its last line has none.
unit_text() {
  if [ -r "$1" ]; then { cat "$1"; echo; } | sed 's/^/ text /'
  else echo '!AccessDenied access is denied'
  fi
}

# Of each enabled unit its file, and then what is added to it; of additions with one name the first counts.
unit() {
  file=$(in_units "$1" | head -n 1)
  [ -n "$file" ] && [ -s "$file" ] || return 0
  target=$(readlink "$file")
  [ -z "$target" ] || [ "${target##*/}" = "$1" ] || return 0
  printf ' unit %s\n' "$1"
  unit_text "$file"
  { in_units "$1.d/*.conf"; in_units 'socket.d/*.conf'; } | sed 's|^.*/\([^/]*\)$|\1 &|' | sort -s -k 1,1 |
    while read -r own path; do
      [ "$own" = "$last" ] || { echo ' file'; unit_text "$path"; }
      last=$own
    done
}

socket_units() {
  part socketunits
  if [ ! -d "$unit_root/run/systemd/system" ]; then
    echo '!NotSupported systemd is not in charge of this machine'
    return 0
  fi
  { in_units '*.wants/*.socket'; in_units '*.requires/*.socket'; } | sed 's|.*/||' | grep -v @ | sort -u |
    while read -r name; do unit "$name"; done
}

# Docker's own program, where a container of it runs: a question starts nothing then. It reads no settings of the user, who
# may mean an engine of another machine.
containers() {
  docker_socket=/var/run/docker.sock
  [ -S "$docker_socket" ] && [ -w "$docker_socket" ] || return 0
  grep -qs 'docker[-/][0-9a-f]' /proc/[0-9]*/cgroup || return 0
  command -v docker >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1 || return 0
  columns='{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Label "com.docker.compose.project"}}\t{{.Label "com.docker.compose.service"}}\t{{.Ports}}'
  part engine/docker
  DOCKER_CONFIG=/nonexistent timeout 5 docker -H "unix://$docker_socket" ps --no-trunc --format "$columns" 2>/dev/null | data
}

firewall() {
  if [ "$(id -u)" != 0 ]; then
    part firewall
    echo '!AccessDenied only root may read the rules of the packet filter'
    return 0
  fi
  tool firewall/nft nft --json list ruleset
  tool firewall/iptables iptables-save
  tool firewall/ip6tables ip6tables-save
}

collect() {
  echo '#PortOwner.Collection 1 plain'
  machine
  for name in tcp tcp6 udp udp6 if_inet6; do file "proc/net/$name" "/proc/net/$name"; done
  processes
  users
  kernel
  socket_units
  containers
  firewall
  echo '#End'
}

# Where a portowner may be that only root can have put there: the deployed one first.
program_places='/opt/portowner/deployed /usr/bin /usr/local/bin /opt/portowner
  /usr/local/share/powershell/Modules/PortOwner/bin /usr/local/share/powershell/Modules/PortOwner/*/bin'

# Says which way was taken, before the answer begins.
way() { printf '#PortOwner.Way %s\n' "$*"; }

# Why users other than root can change a program, whose path has no links; nothing if they cannot. Where there is an
# access control list, the bits of the group show the most that it allows.
untrusted() {
  path=$1
  while :; do
    entry=$(ls -ldn "$path" 2>/dev/null)
    case $entry in
      ?????w* | ????????w*) echo "users other than root can write to $path"; return 0 ;;
    esac
    printf '%s\n' "$entry" | grep -q '^[-d][^ ]* *[0-9]* *0 ' || { echo "root does not own $path"; return 0; }
    [ "$path" != / ] || return 0
    path=${path%/*}
    path=${path:-/}
  done
}

# Sets told to the facts that a portowner here finds, or why to the reason.
take_snapshot() {
  with_lines=
  [ "$command_lines" != 1 ] || with_lines=--command-lines
  told=$("$program" snapshot $with_lines 2>/dev/null)
  status=$?
  why="portowner snapshot ended with exit code $status"
  [ "$status" = 0 ] || return 1
  why="its snapshot does not have format version $facts_version"
  case $told in '{"kind":"PortOwner.Facts","formatVersion":'"$facts_version,"*) ;; *) return 1 ;; esac
}

# Sets told to the answers of a portowner here to calls: one a line, with tabs between their words.
take_answers() {
  why="it is not version $version"
  [ "$("$program" --version 2>/dev/null)" = "$version" ] || return 1
  told=
  set -f
  IFS='
'
  for call in $calls; do
    IFS='	'
    answer=$(printf '%s' "$text" | "$program" $call 2>/dev/null)
    status=$?
    unset IFS
    why="portowner ${call%%	*} ended with exit code $status"
    case $status in 0 | 1 | 69 | 77) ;; *) set +f; return 1 ;; esac
    told="$told@answer
$(printf '%s\n' "$answer" | data)
"
  done
  set +f
}

# Asks a portowner that only root can change, if there is one.
ask_program() {
  for place in $program_places; do
    program=$(readlink -f "$place/portowner" 2>/dev/null)
    [ -f "$program" ] || continue
    # Whoever can change the folder of a link can let it lead to any program.
    if [ "$(readlink -f "$place")" = "$place" ]; then why=$(untrusted "$place"); else why="$place is behind a link"; fi
    [ -n "$why" ] || why=$(untrusted "$program")
    if [ -z "$why" ] && "$1"; then
      way "used $program"
      return 0
    fi
    way "ignored $program: $why"
  done
  return 1
}

# The facts of a portowner as a collection.
snapshot() {
  echo '#PortOwner.Collection 1 plain'
  part snapshot
  printf '%s\n' "$told" | data
  echo '#End'
}

# The processes below one, the lowest first, but for this one.
below() {
  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    [ "$child" = "$self" ] || (below "$child"; echo "$child")
  done
}

# Ends this script if nobody reads its answer any more, because the connection has ended, or after its time limit. What is
# written until then is not a part of the answer; a quick answer has none of it. It keeps no output open while it sleeps.
watch() {
  (
    trap '' PIPE
    # Its own ID: $$ is that of the script.
    # Nobody reads it any more if the answer was quick.
    self=$(exec sh -c 'echo $PPID' 2>/dev/null)
    left=$(((${limit:-3600} + 1) / 2))
    while sleep 2 >/dev/null 2>&1; do
      kill -0 $$ 2>/dev/null || exit 0
      left=$((left - 1))
      [ "$left" -gt 0 ] && echo '#' 2>/dev/null || break
    done
    kill $$ $(below $$) 2>/dev/null
  ) &
  watcher=$!
}

unwatch() { kill "$watcher" 2>/dev/null; }

main() {
  what=collect
  watch
  if [ -n "$calls" ] && ask_program take_answers; then
    unwatch
    printf '#PortOwner.Answer 1\n%s#End\n' "$told"
    return
  elif [ "${facts_version:-0}" != 0 ] && ask_program take_snapshot; then
    what=snapshot
  fi
  if command -v gzip >/dev/null 2>&1 && command -v base64 >/dev/null 2>&1; then
    packed=$($what | gzip -c | base64)
    unwatch
    printf '#PortOwner.Collection 1 gzip\n%s\n#End\n' "$packed"
  else
    # Its sections are written one by one.
    unwatch
    $what
  fi
}

if [ "$(uname -s)" = Linux ]; then
  main </dev/null
else
  echo "this collector is for Linux, not for $(uname -s)" >&2
fi
exit
