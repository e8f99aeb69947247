#!/usr/bin/env bash
# Square numbers, one Batch task for each, with nothing but the Azure CLI.
#
# Nothing here knows of the local service. Which account it is is told by three variables, which az reads by itself:
# AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY and AZURE_BATCH_ENDPOINT.
set -euo pipefail

name="squares-$$-$RANDOM"
folder=$(mktemp -d)

clean_up() {
    az batch job delete --job-id "$name" --yes >/dev/null 2>&1 || true
    az batch pool delete --pool-id "$name" --yes >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap clean_up EXIT

az batch pool create \
    --id "$name" \
    --vm-size standard_d2s_v3 \
    --image canonical:0001-com-ubuntu-server-jammy:22_04-lts \
    --node-agent-sku-id "batch.node.ubuntu 22.04" \
    --target-dedicated-nodes 1 \
    --task-slots-per-node 2

az batch job create --id "$name" --pool-id "$name" --output none

for number in 3 4 5; do
    az batch task create --job-id "$name" --task-id "task$number" \
        --command-line "/bin/sh -c 'echo $number squared is \$(( $number * $number ))'" --output none
done

until [ "$(az batch job task-counts show --job-id "$name" --query taskCounts.completed --output tsv)" = 3 ]; do
    sleep 1
done

for number in 3 4 5; do
    az batch task file download --job-id "$name" --task-id "task$number" \
        --file-path stdout.txt --destination "$folder/task$number.txt" --output none
    cat "$folder/task$number.txt"
done

[ "$(az batch job task-counts show --job-id "$name" --query taskCounts.succeeded --output tsv)" = 3 ]
