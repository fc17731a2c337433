# What the benchmarks with a database share, on top of lib.sh. To be sourced.
# shellcheck shell=bash disable=SC2034 # used by those that source it
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

heap=(-Xms256m -Xmx256m -XX:+UseSerialGC)
classes="$home/bench/target/classes:$home/bench/target/lib/*"
server_cores=0,1
client_cores=0,1
# On a busy machine a call may wait long for its turn, and the feed's own calls take places too. None
# shall be refused.
export DATABASE_POOL_TIMEOUT=20s DATABASE_QUERY_TIMEOUT=20s DATABASE_MAX_CONCURRENT=100
export SERVER_MAX_CONCURRENT_REQUESTS=200 SERVER_RESPONSE_TIMEOUT=90s
postgres_port=$((port + 10))
postgres_pid=
started=()
exec {complaints}>&2

# stop_started: ends the servers and JdbcAlone in order.
stop_started() {
  local pid
  [ -z "${to:-}" ] || exec {to}>&- {from}<&- # the end of its input
  unset to from
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  started=()
}

end_all() {
  stop_started
  if [ -n "$postgres_pid" ]; then # without a checkpoint: nothing is kept
    kill -QUIT "$postgres_pid" 2>/dev/null || true
    wait "$postgres_pid" 2>/dev/null || true
    postgres_pid=
  fi
  clean_up
}
trap end_all EXIT

# as_postgres COMMAND…: as the user that PostgreSQL's programs run as; they refuse to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    exec "$@"
  fi
}

# start_postgres: a server of its own with PostgreSQL's defaults, on a free port of 127.0.0.1; sets
# postgres_url. Its data go with the work folder.
start_postgres() {
  local bin tries=0
  bin=$(find /usr/lib/postgresql -name initdb 2>/dev/null | sort -V | tail -1)
  bin=$(dirname "${bin:-$(command -v initdb)}")
  [ -x "$bin/initdb" ] || fail "PostgreSQL is not installed"
  export PGPASSWORD
  PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  mkdir "$work/postgres"
  (umask 077 && echo "$PGPASSWORD" >"$work/postgres/password")
  chmod 711 "$work"
  [ "$(id -u)" != 0 ] || chown -R postgres "$work/postgres"
  (cd "$work/postgres" && as_postgres "$bin/initdb" --pgdata=data --username=storage --auth=scram-sha-256 \
    --pwfile=password --encoding=UTF8 --locale=C >init.log) || fail "initdb"
  (cd "$work/postgres" && as_postgres "$bin/postgres" -D data -c port="$postgres_port" \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories= >log 2>&1) &
  postgres_pid=$!
  psql=("$bin/psql" -q -h 127.0.0.1 -p "$postgres_port" -U storage -d storage -v ON_ERROR_STOP=1)
  until "$bin/psql" -q -h 127.0.0.1 -p "$postgres_port" -U storage -d postgres \
    -c 'CREATE DATABASE storage' 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || fail "PostgreSQL: $(tail -1 "$work/postgres/log")"
    sleep 0.1
  done
  postgres_url=postgresql://storage:$PGPASSWORD@127.0.0.1:$postgres_port/storage
}

# start PORT COMMAND…: in the background; returns when GET /datasets?limit=1 is answered.
start() {
  local tries=0
  "${@:2}" >/dev/null 2>"$work/$1.err" </dev/null &
  last_pid=$!
  started+=("$last_pid")
  until curl -sf -m 5 -o /dev/null "http://127.0.0.1:$1/datasets?limit=1"; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "no answer from: ${*:2} ($(tail -1 "$work/$1.err"))"
    kill -0 "$last_pid" 2>/dev/null || fail "ended early: ${*:2} ($(tail -1 "$work/$1.err"))"
    sleep 0.1
  done
}

# start_service DATABASE_URL: the service with 256 MB of heap; sets service_pid.
start_service() {
  start "$port" env PORT="$port" DATABASE_URL="$1" "$java" "${heap[@]}" -jar "$home/app/target/storage-api.jar"
  service_pid=$last_pid
}

# start_jdbc DATABASE_URL: JdbcAlone, to be asked by jdbc; sets jdbc_pid.
start_jdbc() {
  rm -f "$work/to" "$work/from"
  mkfifo "$work/to" "$work/from"
  DATABASE_URL=$1 "$java" "${heap[@]}" -cp "$classes" dev.storageapi.bench.JdbcAlone \
    <"$work/to" >"$work/from" 2>"$work/jdbc.err" &
  jdbc_pid=$!
  started+=("$jdbc_pid")
  exec {to}>"$work/to" {from}<"$work/from"
  local word
  read -r -t 30 -u "$from" word || fail "JDBC: $(tail -1 "$work/jdbc.err")"
  [ "$word" = ready ] || fail "JDBC: $word"
}

# jdbc STATEMENT THREADS SECONDS: prints "calls-per-second p50 p99", in milliseconds.
jdbc() {
  local answer
  echo "$*" >&"$to"
  read -r -t $(($3 + 30)) -u "$from" answer || fail "JDBC: $(tail -1 "$work/jdbc.err")"
  echo "$answer"
}

# cpu PID…: the milliseconds of CPU time that these processes have used.
cpu() {
  local pid fields sum=0
  for pid; do
    read -r -a fields < <(sed 's/.*) //' "/proc/$pid/stat") || true
    sum=$((sum + fields[11] + fields[12]))
  done
  echo $((sum * 1000 / $(getconf CLK_TCK)))
}

# PostgreSQL's processes, one for each connection and some of its own.
postgres_pids() {
  pgrep -P "$postgres_pid"
}

# window PID SECONDS COMMAND…: runs a command that prints "calls-per-second p50 p99" for so many seconds;
# prints that and the microseconds of CPU time for each call, of the process, PostgreSQL and the client.
window() {
  local java backends=() postgres=0 client seconds=$2 pid=$1
  local TIMEFORMAT='%U %S'
  java=$(cpu "$pid")
  if [ -n "$postgres_pid" ]; then
    mapfile -t backends < <(postgres_pids)
    postgres=$(cpu "${backends[@]}")
  fi
  { time "${@:3}" >"$work/window" 2>&"$complaints"; } 2>"$work/client"
  java=$(($(cpu "$pid") - java))
  postgres=$(($(cpu "${backends[@]}") - postgres))
  client=$(tail -1 "$work/client")
  awk -v seconds="$seconds" -v client="$client" -v java=$java -v postgres=$postgres '{
    split(client, c)
    calls = $1 * seconds
    printf "%s %.1f %.1f %.1f\n", $0, java * 1e3 / calls, postgres * 1e3 / calls, (c[1] + c[2]) * 1e6 / calls
  }' "$work/window"
}

# of FIELD [FILTER]: the median of a field of the results, of the lines that begin with FILTER.
of() {
  awk -v f="$1" -v filter="${2:-}" 'index($0, filter) == 1 { print $f }' "$work/results" | median
}

# The load average: what others do beside this, too.
busy() {
  cut -d' ' -f1-3 /proc/loadavg
}
