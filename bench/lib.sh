# What the scripts in bench/ share. To be sourced.
# shellcheck shell=bash disable=SC2034 # used by those that source it

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
port=${BENCH_PORT:-18080}
java=java
warm_up=30
measure=10
rounds=5
connections=32
server_cores=0
client_cores=1
server_pid=
server_output=/dev/null
kept_pids=()

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

stop_server() {
  if [ -n "$server_pid" ]; then
    kill "$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
    server_pid=
  fi
}

# keep PID: a process that runs until the end of the script.
keep() {
  kept_pids+=("$1")
}

# keep_server: so does the server just started, and another one can be started.
keep_server() {
  keep "$server_pid"
  server_pid=
}

clean_up() {
  stop_server
  if [ ${#kept_pids[@]} -gt 0 ]; then
    kill "${kept_pids[@]}" 2>/dev/null || true
    wait "${kept_pids[@]}" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# start_server COMMAND…: in the background on the server's cores; returns when a GET is answered by 100 bytes.
start_server() {
  taskset -c "$server_cores" "$@" >"$server_output" 2>"$work/server.err" &
  server_pid=$!
  local tries=0
  head -c 100 /dev/zero >"$work/object"
  until curl -sf -m 5 -o /dev/null -T "$work/object" "http://127.0.0.1:$port/api/buckets/7"; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "no answer from: $* ($(tail -1 "$work/server.err"))"
    kill -0 "$server_pid" 2>/dev/null || fail "ended early: $* ($(tail -1 "$work/server.err"))"
    sleep 0.1
  done
  local bytes
  bytes=$(curl -s -m 5 "http://127.0.0.1:$port/api/buckets/7" | wc -c)
  [ "$bytes" -eq 100 ] || fail "$bytes bytes instead of 100 from: $*"
}

# load SECONDS: requests by wrk; prints "requests-per-second p99-milliseconds".
load() {
  get "$1" "http://127.0.0.1:$port/api/buckets/7" | awk '{ print $1, $3 }'
}

# get SECONDS URL [WRK-OPTION…]: requests by wrk; prints "requests-per-second p50 p99", in milliseconds.
get() {
  taskset -c "$client_cores" wrk -t1 -c"$connections" -d"$1s" --latency "${@:3}" "$2" \
    >"$work/wrk.out" 2>&1 || fail "wrk: $(cat "$work/wrk.out")"
  ! grep -E 'Non-2xx|Socket errors' "$work/wrk.out" >&2 || fail "not every answer was a 200"
  latencies "$work/wrk.out"
}

# latencies FILE: what wrk has printed, as "requests-per-second p50 p99", in milliseconds.
latencies() {
  awk '
    function milliseconds(time) {
      return time * (time ~ /us$/ ? 0.001 : time ~ /ms$/ ? 1 : 1000)
    }
    $1 == "50%" { p50 = milliseconds($2) }
    $1 == "99%" { p99 = milliseconds($2) }
    $1 == "Requests/sec:" { rate = $2 }
    END { printf "%d %.2f %.2f\n", rate, p50, p99 }' "$1"
}

# span_receiver PORT KIND: a back end for spans, of bench/span-receiver.py, on the client's cores until the end.
span_receiver() {
  taskset -c "$client_cores" python3 "$home/bench/span-receiver.py" "$1" "$2" 2>"$work/receiver.err" &
  local receiver=$! tries=0
  keep "$receiver"
  until grep -q "^ *[0-9]*: 0100007F:$(printf %04X "$1") .* 0A " /proc/net/tcp; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "no receiver of spans: $(tail -1 "$work/receiver.err")"
    sleep 0.1
  done
  kill -0 "$receiver" 2>/dev/null || fail "no receiver of spans: $(tail -1 "$work/receiver.err")"
}

# sample PATTERN PORT: the sum of what a server exposes on lines like this.
sample() {
  curl -sf -m 10 "http://127.0.0.1:$2/metrics" | awk -v line="^$1" '$0 ~ line { sum += $NF } END { print sum + 0 }'
}

# cpu PID: the milliseconds of CPU that a process has used.
cpu() {
  sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ print ($12 + $13) * 1000 / hz }'
}

# median: of the numbers on standard input, one a line.
median() {
  sort -g | awk '{ v[NR] = $1 } END { printf "%s\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# The date and the machine, under which every table stands.
machine() {
  echo "$(date -u +%F), $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $("$java" -version 2>&1 | sed -n 2p)"
}
