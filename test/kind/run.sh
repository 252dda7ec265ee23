#!/bin/sh
# Applies the quickstart to a kind cluster of its own, sends traffic, and asks Grafana for it.
# Needs docker, kind, kubectl and the npm packages; the cluster is deleted at the end.
set -eu
cd "$(dirname "$0")/../.."
cluster=nstats-test
version=$(node -p 'require("./package.json").version')

trap 'kind delete cluster --name "$cluster"' EXIT INT TERM
docker build --tag "nstats:$version" .
kind create cluster --name "$cluster" --wait 120s
kind load docker-image "nstats:$version" --name "$cluster"
kubectl apply -k manifests/overlays/quickstart
kubectl apply -f test/kind/traffic.yaml
kubectl -n nstats rollout status daemonset/nstats --timeout 180s
kubectl -n nstats rollout status statefulset/influxdb --timeout 180s
kubectl -n nstats rollout status deployment/grafana --timeout 180s
kubectl -n traffic rollout status deployment/client --timeout 180s
kubectl -n nstats exec daemonset/nstats -- node nstats.js --check

kubectl -n nstats port-forward service/grafana 3000 &
forward=$!
trap 'kill "$forward"; kind delete cluster --name "$cluster"' EXIT INT TERM
node test/kind/grafana.ts http://127.0.0.1:3000
