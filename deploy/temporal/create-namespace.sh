#!/bin/sh
# Makes the namespace, with its retention and the search attributes of our workflows. Can be run again.
set -eu
attempt=0
until temporal operator cluster health; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 30 ] || { echo 'Temporal is not healthy' >&2; exit 1; }
  sleep 2
done
temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$NAMESPACE" --retention 168h
for name in DurabaseWorkspace DurabaseTask DurabaseState; do
  temporal operator search-attribute list --namespace "$NAMESPACE" | grep -qw "$name" ||
    temporal operator search-attribute create --namespace "$NAMESPACE" --name "$name" --type Keyword
done
