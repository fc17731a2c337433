#!/usr/bin/env bash
# Looks whether the stack can run here, makes .env and Grafana's password, pulls and builds. Changes nothing that is there.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

usage() {
  cat <<'OUT'
usage: scripts/setup.sh [OPTION]

  --check   only look: Docker, Compose, memory, ports
  --help    this text

exit status: 0 the stack can be started, 1 something is missing
OUT
}

check_only=false
case ${1:-} in
  '') ;;
  --check) check_only=true ;;
  --help) usage && exit 0 ;;
  *) usage >&2 && exit 1 ;;
esac

problems=0
problem() {
  echo "✗ $1" >&2
  problems=$((problems + 1))
}
fine() { echo "✓ $1"; }

# True if $1 is a version of at least $2.
at_least() { printf '%s\n%s\n' "$2" "$1" | sort -V -C; }

if ! command -v docker >/dev/null; then
  problem 'there is no docker command: https://docs.docker.com/engine/install/'
elif ! engine=$(docker version --format '{{.Server.Version}}' 2>&1); then
  problem "Docker's engine does not answer: ${engine##*$'\n'}"
else
  if at_least "$engine" 20.10; then fine "Docker $engine"; else problem "Docker $engine is too old: 20.10 or later"; fi
  if ! compose=$(docker compose version --short 2>/dev/null); then
    problem 'there is no "docker compose": https://docs.docker.com/compose/install/'
  elif at_least "${compose#v}" 2.24; then
    fine "Compose ${compose#v}"
  else
    problem "Compose ${compose#v} is too old: 2.24 or later"
  fi
  memory=$(($(docker info --format '{{.MemTotal}}') / 1048576))
  if ((memory >= 3500)); then fine "$memory MB for Docker"; else problem "$memory MB for Docker; the stack wants 3500"; fi
fi

# NAME's value: that of the environment, of .env, or the default.
setting() {
  local value=${!1:-}
  if [[ -z $value && -f .env ]]; then value=$(sed -n "s/^$1=//p" .env | tail -1 | tr -d "\r\"'"); fi
  echo "${value:-$2}"
}

# A port that this stack itself has is no obstacle.
ours=$(docker compose ps --format '{{range .Publishers}}{{.PublishedPort}} {{end}}' 2>/dev/null | tr '\n' ' ' || true)
address=$(setting BIND_ADDRESS 127.0.0.1)
taken=()
for port in STORAGE_API_PORT:5000 SIMULATOR_PORT:5050 GRAFANA_PORT:3000 PROMETHEUS_PORT:9090 ALERTMANAGER_PORT:9093 \
  JAEGER_PORT:16686 OTLP_PORT:4318 HTTP_PORT:80 HTTPS_PORT:443; do
  number=$(setting "${port%:*}" "${port#*:}")
  if [[ " $ours " != *" $number "* ]] && (exec 3<>"/dev/tcp/${address/0.0.0.0/127.0.0.1}/$number") 2>/dev/null; then
    taken+=("$number")
    problem "port $number is taken; ${port%:*} in .env moves ours"
  fi
done
if [[ ${#taken[@]} -eq 0 ]]; then fine 'all ports are free'; fi

# Containers read their configuration as users of their own. A clone made with umask 077 keeps them out.
closed=$(find monitoring \( -type d ! -perm -005 -o -type f ! -perm -004 \) -print)
if [[ $(uname) == Linux && -n $closed ]]; then
  problem "others may not read ${closed%%$'\n'*}, and containers have to: chmod -R o+rX monitoring"
fi

if ((problems)); then exit 1; fi
if $check_only; then exit 0; fi

if [[ ! -f .env ]]; then
  # A database's password may come into it.
  (umask 077 && sed -E 's/^#(GRAFANA_PASSWORD_FILE|GRAFANA_WITHOUT_ADMIN)=/\1=/' .env.example >.env)
  fine 'made .env'
fi
password=$(setting GRAFANA_PASSWORD_FILE '')
if [[ -z $password ]]; then
  echo '  nobody can log in to Grafana, only look: the last two lines of .env.example, in .env, would make a password'
elif [[ ! -f $password ]]; then
  # Grafana's user in the container has to read the file; a folder that is made here keeps others out.
  folder=$(dirname "$password")
  if [[ ! -d $folder ]]; then
    mkdir -p "$folder"
    chmod 700 "$folder"
  fi
  head -c 18 /dev/urandom | base64 >"$password"
  chmod 444 "$password"
  fine "made $password, for Grafana's user admin"
fi

docker compose pull --quiet --ignore-buildable
docker compose build --quiet
fine 'all images are here'
echo 'Start it with: docker compose --profile traffic up --wait'
