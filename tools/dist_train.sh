#!/usr/bin/env bash
# Train with several processes, one per GPU (on a machine without GPUs: on its CPU).
#
#   tools/dist_train.sh CONFIG GPUS [ARGUMENTS OF train.py...]
#
# Several machines: run it on each, with NNODES, NODE_RANK (0 to NNODES - 1), MASTER_ADDR (the
# address of machine 0) and PORT set. Two runs on one machine need different PORTs.
set -euo pipefail

if [ "$#" -lt 2 ]; then
    echo "usage: [NNODES=1 NODE_RANK=0 MASTER_ADDR=127.0.0.1 PORT=29500] $0 CONFIG GPUS [ARGUMENTS...]" >&2
    exit 2
fi
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config=$1
gpus=$2
shift 2

PYTHONPATH="$(dirname "$tools")${PYTHONPATH:+:$PYTHONPATH}" exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$gpus" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
