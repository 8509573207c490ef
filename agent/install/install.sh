#!/bin/sh
# Makes this host a server of a Pilothouse control plane: brings the agent, enrols it, runs it as a service.
#
#   sudo sh -c "$(curl -fsSL https://pilot.example.org/install.sh)" -- --url https://pilot.example.org --pin SHA256
#
# The single-use token is asked for, or read from standard input or a file; never from the command line. What fails takes
# back what it began. Only the last line does anything, so that half of this script does nothing.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

url='' pin='' tls_pin='' sums_sha256=''
# @installation

base=/opt/pilothouse-agent
program=/usr/local/bin/pilothouse-agent
config_directory=/etc/pilothouse
config=$config_directory/agent.yaml
state=/var/lib/pilothouse-agent
unit=pilothouse-agent.service
unit_file=/etc/systemd/system/$unit

oldest_systemd=246
oldest_glibc=2.28
agent_kib=8192
node_kib=204800
online_within=60

token_file='' insecure_http='' replace='' dry_run='' uninstall=''
began=$(date +%s)
incoming='' steps='' settled='' locked='' silent_terminal=''
taken_back='Nothing was changed on this host.'
lock=/run/pilothouse-install.lock

usage() {
  cat <<USAGE
Makes this host a server of a Pilothouse control plane.

  --url URL          address of the control plane
  --pin SHA256       fingerprint of its root key; another installation is refused
  --tls-pin PIN      sha256//… of its TLS key, where no public authority signed its certificate
  --token-file FILE  file that holds the enrolment token; it is asked for, or read from standard input, if not given
  --replace          enrol a host that is enrolled already
  --insecure-http    allow an http:// address that is not this machine
  --dry-run          check everything, fetch and verify, and change nothing
  --uninstall        remove the agent and everything it kept
USAGE
}

say() { printf '%s\n' "$*"; }

fail() {
  printf 'pilothouse: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# --- Taking back -----------------------------------------------------------------------------------------------------

# Names what takes back the step that comes next; the last one begun is the first one taken back.
undo_by() { steps="$1 $steps"; }

# From here on what is there stays, whatever happens.
settle() {
  steps=''
  settled=yes
}

finish() {
  code=$?
  trap - EXIT
  trap '' HUP INT TERM
  [ -z "$silent_terminal" ] || stty "$silent_terminal"
  for step in $steps; do "$step" || :; done
  [ "$code" -eq 0 ] || [ -n "$settled" ] || say "$taken_back" >&2
  [ -z "$incoming" ] || rm -rf "$incoming"
  [ -z "$locked" ] || rm -f "$lock"
  exit "$code"
}

# --- What this host is -----------------------------------------------------------------------------------------------

check_host() {
  [ "$(id -u)" -eq 0 ] || fail 'This must run as root: put sudo before it.'
  [ "$(uname -s)" = Linux ] || fail "The agent runs on Linux; this is $(uname -s)."
  case $(uname -m) in
    x86_64 | amd64) platform=linux-x64 ;;
    aarch64 | arm64) platform=linux-arm64 ;;
    *) fail "The agent runs on x64 and arm64; this is $(uname -m)." ;;
  esac
  [ "$(getconf LONG_BIT 2>/dev/null || echo 64)" = 64 ] || fail 'The agent needs a 64-bit system; this one is of 32 bits.'
  glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | sed 's/^glibc //') || :
  [ -n "$glibc" ] || fail 'The agent needs glibc (Debian, Ubuntu, Fedora and the like); this system has another C library, such as musl on Alpine.'
  if ! has systemctl || ! [ -d /run/systemd/system ]; then
    fail 'The agent needs systemd, which does not run on this host. To keep an agent running without it, see "Without systemd" in docs/operations.md.'
  fi
  systemd=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
  [ "${systemd:-0}" -ge "$oldest_systemd" ] || fail "The agent needs systemd $oldest_systemd or newer; this is ${systemd:-unknown}."
  for tool in tar gzip sha256sum mktemp df flock readlink stat cmp; do
    has "$tool" || fail "The program $tool is missing on this host: install it first."
  done
  # shellcheck disable=SC1091
  system=$(. /etc/os-release 2>/dev/null && printf '%s' "${PRETTY_NAME:-Linux}") || system=Linux
}

# Whether a version is at least another, number by number.
is_at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -t . -k 1,1n -k 2,2n | head -n 1)" = "$2" ]
}

# Whether nobody but root can change a file, or put another in its place or that of a directory on the way to it.
is_roots_alone() {
  place=$1
  while :; do
    [ "$(stat -c %u "$place")" -eq 0 ] || return 1
    case $(stat -c %a "$place") in *[2367]? | *[2367]) return 1 ;; esac
    [ "$place" != / ] || return 0
    place=$(dirname "$place")
  done
}

# A Node of this host that the agent can use: new enough, and changed by nobody but root.
find_node() {
  node=$(command -v node 2>/dev/null) && node=$(readlink -f "$node") || return 1
  case $node in /usr/* | /opt/*) ;; *) return 1 ;; esac
  is_roots_alone "$node" || return 1
  "$node" -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);' 2>/dev/null
}

check_space() {
  while read -r directory needed; do
    place=$directory
    until [ -d "$place" ]; do place=$(dirname "$place"); done
    free=$(df -Pk "$place" | tail -n 1 | { read -r _ _ _ kib _ && echo "$kib"; })
    [ "$free" -ge "$needed" ] || fail "There is not enough room in $place: $((needed / 1024)) MiB are needed, $((free / 1024)) MiB are free."
  done <<SPACE
$base $1
$state $agent_kib
SPACE
}

# --- What is asked for -----------------------------------------------------------------------------------------------

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --url | --pin | --tls-pin | --token-file) [ $# -ge 2 ] || fail "$1 needs a value." ;;
    esac
    case $1 in
      --url) url=$2 && shift ;;
      --pin) pin=$2 && shift ;;
      --tls-pin) tls_pin=$2 && shift ;;
      --token-file) token_file=$2 && shift ;;
      --replace) replace=yes ;;
      --insecure-http) insecure_http=yes ;;
      --dry-run) dry_run=yes ;;
      --uninstall) uninstall=yes ;;
      --help | -h) usage && exit 0 ;;
      *) fail "$1 is not an option of this script. See --help." ;;
    esac
    shift
  done
}

needs_encryption() {
  [ -n "$insecure_http" ] || fail "$url is not encrypted: anybody on the way could take over this host. Use https, or add --insecure-http."
}

check_options() {
  url=${url%/}
  case $url in
    *[!][A-Za-z0-9.:/_-]*) fail "$url is not an address such as https://pilot.example.org." ;;
    http://127.*[!0-9.:]*) needs_encryption ;;
    https://?* | http://127.* | http://localhost | http://localhost:* | "http://[::1]"*) ;;
    http://?*) needs_encryption ;;
    *) fail 'Give the address of the control plane with --url; pilothouse server add prints the whole line.' ;;
  esac
  case $pin in *[!0-9a-f]*) pin='' ;; esac
  [ ${#pin} -eq 64 ] || fail 'Give the fingerprint of the root key with --pin: 64 hexadecimal digits. pilothouse server add prints it.'
  case $tls_pin in
    '') ;;
    sha256//*) [ ${#tls_pin} -eq 52 ] || fail 'The --tls-pin is not complete.' ;;
    *) fail '--tls-pin takes the form sha256//…, which pilothouse server add prints.' ;;
  esac
}

choose_fetcher() {
  if has curl; then
    fetcher=curl
  elif has wget; then
    fetcher=wget
    [ -z "$tls_pin" ] || wget --help 2>&1 | grep -q pinnedpubkey || fail 'This wget cannot pin a certificate: install curl.'
  else
    fail 'Neither curl nor wget is on this host: install one of them.'
  fi
}

# An enrolled host keeps its identity, if it belongs to this installation.
read_standing() {
  enrolled=''
  [ -e "$state/identity.json" ] || return 0
  enrolled=yes
  if ! grep -q "\"rootFingerprint\": \"$pin\"" "$state/identity.json" && [ -z "$replace" ]; then
    fail "This host is enrolled at another control plane, $(sed -n 's/.*"url": "\(.*\)".*/\1/p' "$state/identity.json"). To enrol it here, add --replace."
  fi
}

needs_token() { [ -z "$enrolled" ] || [ -n "$replace" ]; }

read_token() {
  if [ -n "$token_file" ]; then
    [ -r "$token_file" ] || fail "The token file $token_file cannot be read."
    IFS= read -r token <"$token_file" || :
  elif [ -t 0 ]; then
    silent_terminal=$(stty -g)
    stty -echo
    printf 'Enrolment token: ' >&2
    IFS= read -r token || :
    stty "$silent_terminal"
    silent_terminal=''
    printf '\n' >&2
  else
    IFS= read -r token || :
  fi
  case ${token:-} in
    *[!A-Za-z0-9_-]*) token='' ;;
    phe_*) ;;
    *) token='' ;;
  esac
  [ "${#token}" -eq 47 ] || fail 'This is no enrolment token: one begins with phe_ and has 47 characters.'
}

# --- What is fetched -------------------------------------------------------------------------------------------------

# fetch NAME: from /releases/ of the control plane into the incoming directory.
fetch() {
  if [ "$fetcher" = curl ]; then
    set -- "$1" curl --fail --silent --show-error --proto =http,https --connect-timeout 10 --speed-limit 100 \
      --speed-time 30 --output "$incoming/$1" ${tls_pin:+--insecure --pinnedpubkey "$tls_pin"} "$url/releases/$1"
  else
    set -- "$1" wget --no-verbose --max-redirect=0 --timeout=30 --tries=2 --output-document="$incoming/$1" \
      ${tls_pin:+--no-check-certificate --pinnedpubkey="$tls_pin"} "$url/releases/$1"
  fi
  fetched=$1
  shift
  "$@" 2>"$incoming/problem" && return 0
  code=$?
  cat "$incoming/problem" >&2
  case $fetcher-$code in
    curl-90 | wget-5) fail "$url shows another TLS key than the pinned one. Somebody may stand in between; compare --tls-pin with a new line of: pilothouse server add" ;;
    curl-60) fail "Nobody vouches for the certificate of $url: add the --tls-pin that pilothouse server add prints." ;;
    curl-23 | wget-3) fail "$fetched could not be written: is there room left in $base?" ;;
    curl-22 | wget-8) fail "$url does not give $fetched. Is this the control plane? If its release has just changed, run the same line again." ;;
    *) fail "$url cannot be reached from this host." ;;
  esac
}

# The name of the one file of that kind for this host in SHA256SUMS.
file_named() {
  while read -r _ name; do
    case $name in "$1"-*-"$platform".tar.gz) printf '%s' "$name" && return 0 ;; esac
  done <"$incoming/SHA256SUMS"
}

fetch_manifest() {
  fetch SHA256SUMS
  if [ -n "$sums_sha256" ]; then
    printf '%s  %s\n' "$sums_sha256" "$incoming/SHA256SUMS" | sha256sum -c >/dev/null 2>&1 ||
      fail 'The release is not the one that came with this script. If it has just changed, run the same line again.'
  fi
  fetch release.json
}

is_current() { cmp -s "$incoming/release.json" "$base/current/release.json" && is_online; }

fetch_release() {
  agent_file=$(file_named pilothouse-agent)
  [ -n "$agent_file" ] || fail "The release holds no agent for $platform."
  files=$agent_file
  brings_node=''
  if ! find_node; then
    # It runs before it can check a signature; what vouches for it till then came with the script.
    [ -n "$sums_sha256" ] || fail "Node 20.19 or newer is missing on this host, or others than root can change it. Only the script that $url/install.sh gives can bring one."
    node_file=$(file_named node)
    [ -n "$node_file" ] || fail "Node 20.19 or newer is missing on this host, and the control plane has none to give. Install Node as root, or run on the control plane's host: npm run release"
    is_at_least "$glibc" "$oldest_glibc" || fail "The Node that the control plane gives needs glibc $oldest_glibc; this host has $glibc. Install Node 20.19 or newer."
    check_space "$node_kib"
    brings_node=yes
    files="$agent_file $node_file"
  fi
  for name in $files; do
    fetch "$name"
    grep "  $name\$" "$incoming/SHA256SUMS" >"$incoming/sum"
    (cd "$incoming" && sha256sum -c sum >/dev/null 2>&1) ||
      fail "$name did not arrive as it was released: its SHA-256 is another one. Nothing of it was used."
  done
  if [ -n "$brings_node" ]; then
    unpack
    node=$incoming/tree/node
    check_release
    node=$base/current/node
    release=$release-node
  else
    check_release
    unpack
  fi
}

check_release() {
  release=$(verify_release) || fail 'The release is not what the pinned root key has signed. Nothing of it was used.'
}

unpack() {
  mkdir "$incoming/tree"
  for name in $files; do
    tar -xzf "$incoming/$name" -C "$incoming/tree" --no-same-owner || fail "$name could not be unpacked: is there room left in $base?"
  done
  cp "$incoming/release.json" "$incoming/tree/"
}

# Checks signature and files by this script's own means, not by those of what is checked.
verify_release() {
  # shellcheck disable=SC2086
  (cd "$incoming" && "$node" - "$pin" "$platform" "$base/current/release.json" $files) <<'VERIFY'
const { createHash, createPublicKey, verify } = require('node:crypto');
const { existsSync, readFileSync } = require('node:fs');
const [pin, platform, installed, ...names] = process.argv.slice(2);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const refuse = (reason) => {
  console.error(reason);
  process.exit(1);
};
const withLength = (bytes) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};
const contentOf = (signed) => JSON.parse(Buffer.from(signed.release, 'base64').toString('utf8'));
const signed = JSON.parse(readFileSync('release.json', 'utf8'));
const raw = Buffer.from(String(signed.rootPublicKey), 'base64url');
if (raw.length !== 32 || sha256(raw) !== pin) refuse(`It names the root key ${sha256(raw)}.`);
const bytes = Buffer.from(String(signed.release), 'base64');
const input = Buffer.concat([Buffer.from('ph-rel-v1'), bytes].map(withLength));
const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
if (!verify(null, input, key, Buffer.from(String(signed.signature), 'base64'))) refuse('Its signature is wrong.');
const { version, build, issuedAt, files } = contentOf(signed);
for (const name of names) {
  const file = files.find((candidate) => candidate.name === name && candidate.platform === platform);
  if (file?.sha256 !== sha256(readFileSync(name))) refuse(`${name} is not the file that was signed.`);
}
if (existsSync(installed)) {
  const before = contentOf(JSON.parse(readFileSync(installed, 'utf8')));
  if (issuedAt < before.issuedAt) refuse(`It is older than the one that is installed, ${before.version}.`);
}
console.log(`${version}-${build}`);
VERIFY
}

# --- What is changed -------------------------------------------------------------------------------------------------

make_incoming() {
  made=''
  for directory in /opt "$base"; do
    [ -d "$directory" ] || made="$directory $made"
  done
  undo_by remove_made
  mkdir -p "$base" || fail "$base cannot be made."
  incoming=$(mktemp -d "$base/.incoming-XXXXXX") || fail "Nothing can be written in $base."
}

remove_made() {
  rm -rf "$incoming"
  for directory in $made; do rmdir "$directory" 2>/dev/null || :; done
}

place_release() {
  directory=$base/$release
  before=$(readlink "$base/current" 2>/dev/null) || before=''
  if [ ! -d "$directory" ]; then
    undo_by remove_release
    mv "$incoming/tree" "$directory"
  fi
  sync -f "$base" 2>/dev/null || sync
  undo_by point_back
  point_to "$release"
}

point_to() {
  ln -sfn "$1" "$incoming/current"
  mv -T "$incoming/current" "$base/current"
}

remove_release() { rm -rf "$directory"; }

point_back() {
  if [ -n "$before" ]; then point_to "$before"; else rm -f "$base/current"; fi
}

# replace_file NEW PATH: in one step, so that a power cut leaves one of the two; the old one is kept for put_back.
replace_file() {
  if [ -e "$2" ] || [ -L "$2" ]; then cp -pP "$2" "$incoming/$(basename "$2").before"; fi
  cp -p "$1" "$2.new"
  mv -f "$2.new" "$2"
}

put_back() {
  rm -f "$1.new"
  kept=$incoming/$(basename "$1").before
  if [ -e "$kept" ] || [ -L "$kept" ]; then mv -f "$kept" "$1"; else rm -f "$1"; fi
}

place_program() {
  cat >"$incoming/program" <<PROGRAM
#!/bin/sh
exec "$node" --disable-proto=delete $base/current/pilothouse-agent.cjs "\$@"
PROGRAM
  chmod 755 "$incoming/program"
  mkdir -p "$(dirname "$program")"
  undo_by put_back_program
  replace_file "$incoming/program" "$program"
}

put_back_program() { put_back "$program"; }

place_config() {
  if [ ! -d "$config_directory" ]; then
    undo_by remove_config_directory
    mkdir "$config_directory"
  fi
  [ ! -e "$config" ] || return 0
  undo_by remove_config
  {
    say '# Settings of the Pilothouse agent. All of them, and what they are now: pilothouse-agent config'
    say '# What the control plane may do on this host can be narrowed in host-policy.yaml beside this file.'
    [ -z "$insecure_http" ] || say 'insecure_http: true'
  } >"$config"
}

remove_config() { rm -f "$config"; }

remove_config_directory() { rmdir "$config_directory"; }

place_unit() {
  cp "$base/current/$unit" "$incoming/unit"
  undo_by put_back_unit
  replace_file "$incoming/unit" "$unit_file"
  systemctl daemon-reload
}

put_back_unit() {
  put_back "$unit_file"
  systemctl daemon-reload
}

enrol() {
  if systemctl is-active --quiet "$unit"; then
    undo_by start_again
    systemctl stop "$unit"
  fi
  [ -e "$state" ] || undo_by forget_enrolment
  printf '%s\n' "$token" |
    "$program" enrol --url "$url" --pin "$pin" ${tls_pin:+--tls-pin "$tls_pin"} ${replace:+--replace} >"$incoming/enrolment" ||
    fail 'This host was not enrolled.'
  # The token is spent: what is there is worth more than nothing.
  settle
}

# An attempt that got no answer is finished by running the same line again, with the key that is kept there.
forget_enrolment() {
  if [ -e "$state/enrolment-pending.json" ]; then
    taken_back="Everything was taken back but $state: run the same line again, with the same token."
  else
    rm -rf "$state"
  fi
}

start_again() { systemctl start "$unit"; }

start_former() { systemctl restart "$unit"; }

is_online() { "$program" status >/dev/null 2>&1; }

wait_until_online() {
  until is_online; do
    [ "$(($(date +%s) - began))" -lt "$1" ] || return 1
    sleep 0.2 2>/dev/null || sleep 1
  done
}

# The one before stays, for whoever wants to go back to it by hand.
remove_older() {
  for directory in "$base"/*/; do
    name=$(basename "$directory")
    case $name in "$release" | "$before" | current) ;; *) rm -rf "$directory" ;; esac
  done
}

# --- The ways through ------------------------------------------------------------------------------------------------

plan() {
  say "$system, $platform, systemd $systemd, glibc $glibc"
  say "Release $release, signed by the pinned root key"
  if [ -n "$brings_node" ]; then say 'Node: brought along, because this host has none that is new enough'; else say "Node: $node"; fi
}

explain() {
  say "Installed in $base, configuration in $config_directory, state in $state, service $unit."
  say "It runs as root, because it runs commands as any user that the control plane names and this host allows. To narrow that: $config_directory/host-policy.yaml"
}

install() {
  needs_token && [ -z "$dry_run" ] && read_token
  check_space "$agent_kib"
  make_incoming
  fetch_manifest
  if ! needs_token && is_current; then
    say 'Nothing to do: this release is installed and online.'
    return 0
  fi
  fetch_release
  plan
  if [ -n "$dry_run" ]; then
    say 'Nothing was changed: this was a dry run.'
    return 0
  fi
  place_release
  place_program
  place_config
  place_unit
  if needs_token; then bring_up_new; else bring_up_again; fi
  remove_older
}

bring_up_new() {
  enrol
  systemctl enable --quiet "$unit"
  systemctl restart "$unit" || fail "This host is enrolled, but the service could not be started. See: systemctl status $unit"
  wait_until_online "$online_within" ||
    fail "This host is enrolled and the service runs, but it is not online after $online_within s. It goes on trying. See: pilothouse-agent doctor"
  explain
  say "Online after $(($(date +%s) - began)) s"
}

bring_up_again() {
  undo_by start_former
  systemctl restart "$unit" || fail 'The service could not be started.'
  wait_until_online "$online_within" || fail "The agent is not online after $online_within s: going back to what was there."
  settle
  systemctl enable --quiet "$unit"
  explain
  say "Online after $(($(date +%s) - began)) s"
}

remove_all() {
  settled=yes
  say 'Removing the agent. Commands that still run go on.'
  if [ -e "$unit_file" ]; then
    systemctl disable --now --quiet "$unit" || fail 'The service could not be stopped.'
    rm -f "$unit_file"
    systemctl daemon-reload
    systemctl reset-failed "$unit" 2>/dev/null || :
  fi
  rm -rf "$base" "$state"
  rm -f "$program" "$config"
  rmdir "$config_directory" 2>/dev/null || [ ! -e "$config_directory" ] || say "Left: $config_directory, which holds files of yours."
  say 'Removed. The server stays in the control plane until it is removed there.'
}

main() {
  read_options "$@"
  trap finish EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  check_host
  exec 9>"$lock"
  flock -n 9 || fail 'Another installation is under way on this host.'
  locked=yes
  if [ -n "$uninstall" ]; then
    remove_all
  else
    check_options
    choose_fetcher
    read_standing
    install
  fi
}

main "$@"
