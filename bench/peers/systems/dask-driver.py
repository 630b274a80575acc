"""Dask: a scheduler and two worker processes of one thread. Reads a JSON line for each order, answers with one."""
import hashlib
import json
import struct
import sys

from distributed import Client, LocalCluster

INPUT = "x" * 100
OUTPUT = "y" * 50


def noop(given):
    assert len(given) == 100
    return OUTPUT


def noop_group(group):
    return [noop(given) for given in group]


def search(header, start, end):
    best = "f" * 64
    for nonce in range(start, end):
        once = hashlib.sha256(header + struct.pack("<I", nonce)).digest()
        digest = hashlib.sha256(once).digest()[::-1].hex()
        if digest < best:
            best = digest
    return best


def work(client, order):
    units = order["units"]
    if order["work"] == "search":
        header = bytes.fromhex(order["header"])[:76]
        nonces = order["unitNonces"]
        futures = [
            client.submit(search, header, i * nonces, (i + 1) * nonces, pure=False) for i in range(units)
        ]
        return min(client.gather(futures))
    size = order["group"]
    if size == 1:
        return len(client.gather(client.map(noop, [INPUT] * units, pure=False)))
    groups = [[INPUT] * size for _ in range(units // size)]
    return sum(len(group) for group in client.gather(client.map(noop_group, groups, pure=False)))


if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50)
    with cluster, Client(cluster) as client:
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            print(json.dumps(work(client, json.loads(line))), flush=True)
