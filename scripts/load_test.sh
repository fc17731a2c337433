#!/usr/bin/env bash
# Sends images to POST /predict of a running service at a steady rate, says how long the answers took, and compares
# what it counted with what the service counted itself.
#
# The load is open: each request has its time, whatever became of those before, and its latency counts from that time
# on, also while it waits for a connection. A client that sends the next request when it has an answer measures a slow
# service seldom, and so hides its tail (coordinated omission).
#
# Nothing else may use /predict meanwhile, the demo's traffic included.
#
# Needs bash, curl and python3, of that the standard library alone: curl has no clock for when each of many requests is
# to be sent, and one curl a request takes more processor time than the answers.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'END'
usage: scripts/load_test.sh [OPTION]... [IMAGE]...

  -u URL          the service (default: http://localhost:5000)
  -m METRICS_URL  its metrics (default: /metrics of the service)
  -r RATE         requests a second, up to 10000 (default: 50)
  -d SECONDS      for how long (default: 10)
  -c CONNECTIONS  the most requests under way at once, up to 1000 (default: 32)
  -h              this text

Images are sent in turn (default: docs/images/digit.png).

exit status: 0 all counts are equal, 1 they differ, an answer is missing or none was 200, 2 it could not be tried
END
}

fail() {
  echo "load_test.sh: $1" >&2
  exit 2
}

whole() {
  [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || fail "-$1 wants a whole number from 1 on, not '$2'"
  (($2 <= $3)) || fail "-$1 is at most $3"
}

url=http://localhost:5000 metrics_url='' rate=50 seconds=10 connections=32
while getopts ':u:m:r:d:c:h' option; do
  case $option in
    u) url=${OPTARG%/} ;;
    m) metrics_url=$OPTARG ;;
    r) whole r "$OPTARG" 10000 && rate=$OPTARG ;;
    d) whole d "$OPTARG" 86400 && seconds=$OPTARG ;;
    c) whole c "$OPTARG" 1000 && connections=$OPTARG ;;
    h) usage && exit 0 ;;
    :) fail "-$OPTARG wants a value" ;;
    *) usage >&2 && fail "unknown option: -$OPTARG" ;;
  esac
done
shift $((OPTIND - 1))
(($#)) || set -- "$(dirname "${BASH_SOURCE[0]}")/../docs/images/digit.png"
for image; do
  [[ -f $image && -r $image ]] || fail "cannot read $image"
done
metrics_url=${metrics_url:-$url/metrics}
command -v python3 >/dev/null || fail "there is no python3"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the service counted of predictions, as "NAME VALUE".
scrape() {
  curl -fsS --max-time 10 "$metrics_url" | awk '
    function label(name) {
      match($0, "[{,]" name "=\"[^\"]*\"")
      return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
    }
    /^http_requests_total\{/ && label("path") == "/predict" && label("method") == "POST" { n["status " label("status")] += $NF }
    /^model_predictions_total\{/ { n["predictions"] += $NF }
    /^model_inference_errors_total\{/ { n["reason " label("reason")] += $NF }
    /^model_inference_duration_seconds_(count|sum)\{/ { n["run_" ($0 ~ /_count/ ? "count" : "sum")] += $NF }
    /^inference_queue_duration_seconds_(count|sum) / { n["wait_" ($0 ~ /_count/ ? "count" : "sum")] += $NF }
    END { for (k in n) printf "%s %.9g\n", k, n[k] }' | sort
}

# Sends; prints "took SECONDS", then "STATUS SECONDS" for each request, 000 for one without an answer, and unsent for one
# that still waited for a connection 10 s after the end. What went wrong goes to standard error, each kind once.
send() {
  python3 - "$url" "$rate" "$seconds" "$connections" "$@" <<'END'
import http.client, itertools, mimetypes, sys, threading, time, urllib.parse

url, rate, seconds, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
service = urllib.parse.urlsplit(url)
connect = http.client.HTTPSConnection if service.scheme == "https" else http.client.HTTPConnection
BOUNDARY = "load-test-6f0d2c"
HEADERS = {"Content-Type": "multipart/form-data; boundary=" + BOUNDARY}


def form(path):
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    head = (f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"image\"\r\n"
            f"Content-Type: {kind}\r\n\r\n")
    with open(path, "rb") as image:
        return head.encode() + image.read() + f"\r\n--{BOUNDARY}--\r\n".encode()


forms = [form(path) for path in sys.argv[5:]]
total = rate * seconds
numbers = itertools.count()  # next() of it is atomic
lines, troubles = [], set()
start = time.monotonic() + 0.2


def post(connection, body):
    try:
        connection.request("POST", service.path + "/predict", body, HEADERS)
        answer = connection.getresponse()
        answer.read()
        return f"{answer.status:03}"
    except (OSError, http.client.HTTPException) as trouble:
        connection.close()  # the next request opens it again
        troubles.add(repr(trouble))
        return "000"


def run():
    connection = connect(service.hostname, service.port, timeout=60)
    while (number := next(numbers)) < total:
        due = start + number / rate
        time.sleep(max(0, due - time.monotonic()))
        late = time.monotonic() > start + seconds + 10
        status = "unsent" if late else post(connection, forms[number % len(forms)])
        lines.append(f"{status} {time.monotonic() - due:.6f}\n")
    connection.close()


threads = [threading.Thread(target=run) for _ in range(min(connections, total))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"took {time.monotonic() - start:.3f}")
sys.stdout.writelines(lines)
for trouble in sorted(troubles):
    print(f"no answer: {trouble}", file=sys.stderr)
END
}

# What the service has counted since the first scrape, in the form of scrape.
# shellcheck disable=SC2317 # settle calls it
counted() {
  scrape >"$work/after"
  awk '{ key = $1 (NF > 2 ? " " $2 : "") }
    NR == FNR { before[key] = $NF; next }
    $NF - before[key] { printf "%s %.9g\n", key, $NF - before[key] }' "$work/before" "$work/after" | sort >"$work/metrics"
}

# Whether the service has counted what was answered: as many of each status, and a prediction for each 200.
# shellcheck disable=SC2317 # settle calls it
equal() {
  counted
  grep -E '^(status|predictions) ' "$work/metrics" | cmp -s "$work/counts" -
}

# Tries for up to 5 s: the service counts a request once its last byte is written, when the client may have read it.
settle() {
  local try
  for try in {1..25}; do
    equal && return 0
    ((try == 25)) || sleep 0.2
  done
  return 1
}

scrape >"$work/before" || fail "no metrics at $metrics_url: is the service up?"
echo "$rate requests a second for $seconds s to $url/predict, over $connections connections"
send "$@" >"$work/all"
grep -v '^took ' "$work/all" >"$work/sent"

awk '$1 != "unsent" { n["status " $1]++ } $1 == 200 { n["predictions"]++ } END { for (k in n) print k, n[k] }' \
  "$work/sent" | sort >"$work/counts"
awk '$1 == 200 { print $2 }' "$work/sent" | sort -g >"$work/latencies"
result=0
settle || result=1

awk '$1 == "took" { took = $2; next }
  { n[$1 == "unsent" || $1 == "000" ? $1 : "answers"]++ }
  END {
    printf "%d answers in %.1f s: %.1f a second\n", n["answers"], took, n["answers"] / took
    if (n["000"]) printf "%d requests without an answer: status 000\n", n["000"]
    if (n["unsent"]) printf "%d requests not sent, since every connection was busy: the tail is longer than shown\n", n["unsent"]
  }' "$work/all"
awk '{ at[NR] = $1 }
  function rank(share, i) { i = int(NR * share); return 1000 * at[i < NR * share ? i + 1 : i] }
  END { if (NR) printf "the 200s took, in ms: p50 %.1f, p90 %.1f, p95 %.1f, p99 %.1f, max %.1f\n",
    rank(0.5), rank(0.9), rank(0.95), rank(0.99), 1000 * at[NR] }' "$work/latencies"

printf '\n%-12s %8s %8s\n' '' client metrics
awk '{ key = $1 (NF > 2 ? " " $2 : "") }
  FILENAME ~ /counts$/ { client[key] = $NF }
  FILENAME ~ /metrics$/ { service[key] = $NF }
  key ~ /^(status|predictions)/ { all[key] }
  END { for (k in all) printf "%-12s %8d %8d\n", k, client[k], service[k] }' "$work/counts" "$work/metrics" | sort
echo
awk '$1 == "reason" { printf "model_inference_errors_total, %s: %d\n", $2, $3 }' "$work/metrics"
awk '{ n[$1] = $2 }
  END {
    if (n["wait_count"]) printf "%d images waited for a worker, on average for %.1f ms\n",
      n["wait_count"], 1000 * n["wait_sum"] / n["wait_count"]
    if (n["run_count"]) printf "%d runs of the model, on average of %.1f ms\n",
      n["run_count"], 1000 * n["run_sum"] / n["run_count"]
  }' "$work/metrics"

if [[ ! -s $work/latencies ]]; then
  echo "no answer was 200"
  result=1
fi
! grep -q '^000 ' "$work/sent" || result=1
if ((result)); then
  echo "NOT equal, or something is missing"
else
  echo "equal"
fi
exit "$result"
