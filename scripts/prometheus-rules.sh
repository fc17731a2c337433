#!/usr/bin/env bash
# Prints the rules of monitoring/prometheus/rules as PrometheusRule objects, for the Prometheus operator:
#
#   scripts/prometheus-rules.sh | kubectl apply -n storage-api -f -
#   scripts/prometheus-rules.sh release=monitoring | …      with a label that the operator's Prometheus looks for
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../monitoring/prometheus/rules"
for label in "$@"; do
  [[ $label =~ ^[A-Za-z0-9./_-]+=[A-Za-z0-9._-]*$ ]] || {
    echo "usage: scripts/prometheus-rules.sh [LABEL=VALUE]..." >&2
    exit 2
  }
done
for file in *.yaml; do
  cat <<END
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: storage-api-${file%.yaml}
  labels:
    app.kubernetes.io/part-of: storage-api
END
  for label in "$@"; do printf '    %s: "%s"\n' "${label%%=*}" "${label#*=}"; done
  echo 'spec:'
  sed 's/^./  &/' "$file"
done
