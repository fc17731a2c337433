#!/usr/bin/env bash
# Deploys the stack to the swarm whose manager this Docker is, or updates it: docs/swarm.md.
#   deploy.sh [NAME [OPTION…]]   options of docker stack deploy; the name is "storage" unless told otherwise
# Settings come from the environment, or from the file .env beside this script.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export STACK=${1:-storage}
shift $(($# > 0))
if [[ $STACK == -* ]]; then
  echo 'usage: deploy.sh [NAME [OPTION…]]' >&2
  exit 2
fi

if [ -f .env ]; then
  while IFS='=' read -r name value || [ -n "$name" ]; do
    [[ $name =~ ^[A-Z_]+$ ]] || continue
    [ -v "$name" ] || export "$name=$value"
  done <.env
fi

# A config's name changes with the files that its service reads.
hash_of() { cat "$@" | sha256sum | cut -c1-12; }
monitoring=../../monitoring
PROMETHEUS_HASH=$(hash_of prometheus.yaml $monitoring/prometheus/rules/*.yaml)
ALERTMANAGER_HASH=$(hash_of $monitoring/alertmanager/alertmanager.yaml)
GRAFANA_HASH=$(hash_of $monitoring/grafana/provisioning/*/*.yaml $monitoring/grafana/dashboards/*.json)
LOKI_HASH=$(hash_of $monitoring/loki/loki.yaml)
COLLECTOR_HASH=$(hash_of $monitoring/collector/collector.yaml)
JAEGER_HASH=$(hash_of $monitoring/jaeger/jaeger.yaml)
TRAEFIK_HASH=$(hash_of $monitoring/traefik/traefik.yaml routes.yaml)
export PROMETHEUS_HASH ALERTMANAGER_HASH GRAFANA_HASH LOKI_HASH COLLECTOR_HASH JAEGER_HASH TRAEFIK_HASH

# Passwords that nobody has given are drawn by lot. They are not labelled as the stack's, so that they outlive it as its
# volumes do.
for secret in database_password valkey_password grafana_password; do
  if ! docker secret inspect "${STACK}_$secret" >/dev/null 2>&1; then
    head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' | docker secret create "${STACK}_$secret" - >/dev/null
    echo "made the secret ${STACK}_$secret"
  fi
done

# The first node is the one for what has a volume, until you say otherwise.
data=$STACK.data
if ! docker node ls -q | xargs docker node inspect --format "{{index .Spec.Labels \"$data\"}}" | grep -qx true; then
  node=$(docker info --format '{{.Swarm.NodeID}}')
  docker node update --label-add "$data=true" "$node" >/dev/null
  echo "what has a volume goes to the node $(docker info --format '{{.Name}}')"
fi

docker stack deploy --compose-file stack.yaml "$@" "$STACK"
