#!/usr/bin/env bash
# Sends PUT, GET and DELETE for many ids to a running service, counts the answers by method and
# status, and compares these counts with what the service counted itself.
#
# Nothing else may use /api/buckets/{id} meanwhile, the demo's traffic included: /metrics counts it too.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/generate_traffic.sh [OPTION]...

  --url URL          the service (default: http://localhost:5000)
  --metrics-url URL  its metrics (default: /metrics of the service)
  --ids N            how many ids are put, read and deleted (default: 1000)
  --misses N         how many reads and deletes of what is not there (default: 100)
  --parallel N       requests under way at once (default: 16)
  --log FILE         the service's log, logfmt or JSON: compared line for line as well
  --help             this text

exit status: 0 all counts are equal, 1 they differ or an answer is missing, 2 it could not be tried
END
}

fail() {
  echo "generate_traffic.sh: $1" >&2
  exit 2
}

whole() {
  [[ $2 =~ ^[0-9]{1,7}$ ]] || fail "$1 wants a whole number, not '$2'"
}

url=http://localhost:5000 metrics_url='' ids=1000 misses=100 parallel=16 log=''
while (($#)); do
  case $1 in
    --help) usage && exit 0 ;;
    --url | --metrics-url | --ids | --misses | --parallel | --log) (($# > 1)) || fail "$1 wants a value" ;;
    *) usage >&2 && fail "unknown option: $1" ;;
  esac
  case $1 in
    --url) url=${2%/} ;;
    --metrics-url) metrics_url=$2 ;;
    --ids) whole "$1" "$2" && ids=$2 ;;
    --misses) whole "$1" "$2" && misses=$2 ;;
    --parallel) whole "$1" "$2" && parallel=$2 ;;
    --log) log=$2 ;;
  esac
  shift 2
done
metrics_url=${metrics_url:-$url/metrics}
((misses <= ids)) || fail "--misses is more than --ids"
((parallel >= 1 && parallel <= 300)) || fail "--parallel is from 1 to 300: curl has no more"
[[ -z $log || -r $log ]] || fail "cannot read $log"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=traffic-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')

# "METHOD STATUS COUNT" of the route, from a scrape.
scrape() {
  curl -fsS --max-time 10 "$metrics_url" | awk '
    function label(name) {
      match($0, "[{,]" name "=\"[^\"]*\"")
      return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
    }
    /^http_requests_total\{/ && label("path") == "/api/buckets/{id}" {
      printf "%s %s %d\n", label("method"), label("status"), $NF
    }' | sort
}

# One request for each of the first $2 ids; prints "METHOD STATUS REQUEST-ID" for each answer.
# Every request has an id of its own, so that its log line can be told from all others.
send() {
  awk -v method="$1" -v count="$2" -v phase="$3" -v url="$url" -v run="$run" 'BEGIN {
    for (i = 1; i <= count; i++) {
      id = run "-" phase "-" i
      if (i > 1) print "next"
      print "no-progress-meter\noutput = \"/dev/null\"\nmax-time = 30"
      print "request = \"" method "\"\nurl = \"" url "/api/buckets/" i "\""
      print "header = \"X-Request-ID: " id "\""
      if (method == "PUT") {
        print "header = \"Content-Type: application/octet-stream\""
        print "data-binary = \"object " i " of " run "\""
      }
      print "write-out = \"" method " %{http_code} " id "\\n\""
    }
  }' >"$work/curl.conf"
  (($2 > 0)) || return 0
  curl --no-progress-meter --parallel --parallel-immediate --parallel-max "$parallel" --config "$work/curl.conf" \
    >>"$work/sent" || true # a request without an answer is counted as status 000
}

# Counts "METHOD STATUS …" lines: "METHOD STATUS COUNT".
count() {
  awk '{ n[$1 " " $2]++ } END { for (k in n) print k, n[k] }' "$1" | sort
}

# What the service has counted since the first scrape.
# shellcheck disable=SC2317 # settle calls it
counted() {
  scrape >"$work/after"
  awk 'NR == FNR { before[$1 " " $2] = $3; next }
    $3 - before[$1 " " $2] { print $1, $2, $3 - before[$1 " " $2] }' \
    "$work/before" "$work/after" | sort >"$work/metrics"
}

# The access-log lines of this run, in the form of "sent".
# shellcheck disable=SC2317 # settle calls it
logged() {
  grep -aF "$run" "$log" | grep -aE ' msg="request" |"msg":"request"' | sed -E \
    -e 's/.*[ ,"]method"?[=:]"?([^ ",]+).*[ ,"]status_code"?[=:]([0-9]+).*[ ,"]request_id"?[=:]"?([^ ",]+).*/\1 \2 \3/' |
    sort >"$work/logged" || true
}

# Runs "$1" until "$2" and "$3" are the same, for up to 5 s: the service counts and logs a request
# once its last byte is written, when the client may have read it already.
settle() {
  local try
  for try in {1..25}; do
    "$1"
    cmp -s "$2" "$3" && return 0
    ((try == 25)) || sleep 0.2
  done
  return 1
}

scrape >"$work/before" || fail "no metrics at $metrics_url: is the service up?"
: >"$work/sent"
started=$SECONDS
send PUT "$ids" put
send GET "$ids" get
send DELETE "$ids" delete
send GET "$misses" get-miss
send DELETE "$misses" delete-miss
echo "$(wc -l <"$work/sent") requests to $url in $((SECONDS - started)) s, $parallel at once"

sort -o "$work/sent" "$work/sent"
count "$work/sent" >"$work/counts"
result=0
settle counted "$work/counts" "$work/metrics" || result=1
if [[ -n $log ]]; then
  settle logged "$work/sent" "$work/logged" || result=1
  count "$work/logged" >"$work/lines"
else
  : >"$work/lines"
fi

awk -v with_log="$log" '
  FILENAME ~ /counts$/ { sent[$1 " " $2] = $3 }
  FILENAME ~ /metrics$/ { metric[$1 " " $2] = $3 }
  FILENAME ~ /lines$/ { line[$1 " " $2] = $3 }
  { all[$1 " " $2] }
  END {
    printf "\n%-8s %-6s %8s %8s %s\n", "method", "status", "answers", "metrics", with_log ? "     log" : ""
    for (k in all) {
      split(k, part, " ")
      printf "%-8s %-6s %8d %8d %s\n", part[1], part[2], sent[k], metric[k],
        with_log ? sprintf("%8d", line[k]) : "" | "sort -k1,1r -k2,2"
    }
  }' "$work/counts" "$work/metrics" "$work/lines" | sed 's/ *$//'
echo

if [[ -n $log ]] && ! cmp -s "$work/sent" "$work/logged"; then
  echo "lines of the log that differ (< answered, > logged), the first ten:"
  diff "$work/sent" "$work/logged" | grep '^[<>]' | head -n 10
fi
if grep -q ' 000 ' "$work/sent"; then
  echo "000 is a request without an answer"
  result=1
fi
if ((result)); then
  echo "NOT equal"
else
  echo "equal"
fi
exit "$result"
