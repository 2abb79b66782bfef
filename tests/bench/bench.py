#!/usr/bin/python3
"""
What a request costs: sagegate, signing and deciding and logging, beside nginx and haproxy, which only forward. One
worker each, on a core of its own where there are two; runs interleaved, the median of the rounds and their spread.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

import peers
import rig

MIB = 1024 * 1024


class Proxy:
    def __init__(self, name, process, port, started_ms):
        self.name, self.process, self.port, self.started_ms = name, process, port, started_ms

    def cpu_us(self):
        return sum(int(task.joinpath("schedstat").read_text().split()[0])
                   for task in rig.Path(f"/proc/{self.process.pid}/task").iterdir()) / 1000

    def memory_kib(self, field="VmRSS"):
        status = rig.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition(field + ":")[2].split()[0])


def closed_loop(bench, proxy, seconds, body, connections):
    """Requests a second, CPU a request, and what follows from it for the bytes."""
    before = proxy.cpu_us()
    report = bench.load(proxy.port, "-s", seconds, "-b", body, "-c", connections)
    cpu = (proxy.cpu_us() - before) / report["requests"]
    return {"requests/s": report["requests"] / report["seconds"], "CPU us/request": cpu,
            "MB/s": report["requests"] * body / report["seconds"] / 1e6, "MB per CPU s": body / cpu,
            "p50 us": report["p50_us"]}


def small(bench, proxy, seconds, results):
    for name, body in (("100 B", 100), ("4 KiB", 4096)):
        got = closed_loop(bench, proxy, seconds, body, 32)
        for what in ("CPU us/request", "requests/s"):
            results[f"{name}, 32 connections: {what}"] = got[what]


def few_connections(bench, proxy, seconds, results):
    got = closed_loop(bench, proxy, seconds, 100, 2)
    results["100 B, 2 connections: CPU us/request"] = got["CPU us/request"]
    report = bench.load(proxy.port, "-s", seconds, "-c", 1)
    results["100 B, one at a time: p50 us"] = report["p50_us"]
    results["100 B, one at a time: p99 us"] = report["p99_us"]


def large(bench, proxy, seconds, results):
    for name, body, connections in (("1 MiB", MIB, 4), ("25 MiB", 25 * MIB, 2)):
        got = closed_loop(bench, proxy, seconds, body, connections)
        results[f"{name} bodies: CPU us/MiB"] = got["CPU us/request"] * MIB / body
        results[f"{name} bodies: MB/s"] = got["MB/s"]


def open_loop(bench, proxy, seconds, results, rate):
    report = bench.load(proxy.port, "-s", seconds, "-r", rate, "-c", 64)
    results["open loop at half load: p50 us"] = report["p50_us"]
    results["open loop at half load: p99 us"] = report["p99_us"]


def streamed(bench, proxy, seconds, results):
    report = bench.load(proxy.port, "-c", 4, "-n", max(4, int(seconds * 8)), "-t",
                        "/endpoints/t100/invocations-response-stream")
    results["streamed chunk, age at the client: p50 us"] = report["p50_us"]
    results["streamed chunk, age at the client: p99 us"] = report["p99_us"]


def idle_kib(proxy):
    """Once it does not change any more: nobody asks, and what was only needed for a moment has been given back."""
    before, calm = proxy.memory_kib(), time.monotonic()
    while time.monotonic() - calm < 5:
        time.sleep(0.2)
        now = proxy.memory_kib()
        if abs(now - before) > 64:
            before, calm = now, time.monotonic()
    return now


def memory(bench, proxy, results):
    """Idle, with 1,000 idle clients, at the peak of 25 MiB bodies and after them. On a fresh proxy."""
    bench.load(proxy.port, "-n", 1)
    idle = results["memory: idle KiB"] = idle_kib(proxy)
    clients = bench.start([*rig.pinned(rig.LOAD_CORE), rig.BUILD / "tests/bench/load", "-p", proxy.port, "-c", 1000, "-i"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    clients.stdout.readline()
    results["memory: KiB for each of 1000 idle clients"] = (idle_kib(proxy) - idle) / 1000
    clients.communicate()
    bench.load(proxy.port, "-n", 8, "-c", 4, "-b", 25 * MIB)
    results["memory: peak KiB, 4 bodies of 25 MiB"] = proxy.memory_kib("VmHWM")
    results["memory: KiB above idle after them"] = idle_kib(proxy) - idle


def start(bench, name, number):
    wrapper, began = rig.pinned(rig.PROXY_CORE), time.monotonic()
    if name == "sagegate":
        process, port = bench.start_sagegate(wrapper, f"gate{number}")
    else:
        port = rig.free_port()
        process = peers.start(name, bench, wrapper, port)
    return Proxy(name, process, port, (time.monotonic() - began) * 1000)


def two_workers(bench, number, seconds, results):
    """How many times one worker's requests two could serve. On two cores, which load and upstream share, their requests/s
    do not tell; the CPU time of a request does, which grows with whatever they have to wait or to share for."""
    cpu = []
    for workers in (1, 2):
        process, port = bench.start_sagegate([], f"gate{number}w{workers}", workers=workers)
        got = closed_loop(bench, Proxy("sagegate", process, port, 0), seconds, 100, 32)
        cpu.append(got["CPU us/request"])
        rig.end(process)
    results["100 B, two workers: capacity, times one's"] = 2 * cpu[0] / cpu[1]


def one_round(bench, number, names, seconds, tell):
    """{proxy: {measure: value}}"""
    results = {name: {} for name in names}
    running = []
    for name in names:
        tell(f"start and memory of {name}")
        fresh = start(bench, name, f"{number}m")
        results[name]["start to serving: ms"] = fresh.started_ms
        memory(bench, fresh, results[name])
        rig.end(fresh.process)
        running.append(start(bench, name, number))
    for measure in (small, few_connections, large, streamed):
        tell(measure.__name__.replace("_", " "))
        for proxy in running:
            measure(bench, proxy, seconds, results[proxy.name])
    rate = min(results[name]["100 B, 32 connections: requests/s"] for name in names) / 2
    tell("open loop")
    for proxy in running:
        open_loop(bench, proxy, seconds, results[proxy.name], rate)
    for proxy in running:
        rig.end(proxy.process)
    tell("two workers, direct TLS, floor")
    two_workers(bench, number, seconds, results["sagegate"])
    report = bench.load(bench.upstream_port, "-T", "-s", seconds, "-c", 1)
    results["direct TLS"] = {"100 B, one at a time: p50 us": report["p50_us"],
                             "100 B, one at a time: p99 us": report["p99_us"]}
    floor = float(subprocess.run([*rig.pinned(rig.PROXY_CORE), rig.BUILD / "tests/bench/floor"], check=True,
                                 capture_output=True).stdout)
    results["floor"] = {f"{size} bodies: CPU us/MiB": floor for size in ("1 MiB", "25 MiB")}
    return results


def table(rounds, names):
    columns = [*names, "direct TLS", "floor"]
    rows = []
    for measure in rounds[0]["sagegate"]:
        row = {"measure": measure}
        for column in columns:
            values = [one[column][measure] for one in rounds if measure in one[column]]
            if values:
                row[column] = {"median": statistics.median(values), "min": min(values), "max": max(values)}
        rows.append(row)
    return columns, rows


def show(columns, rows):
    def number(value):
        return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"

    others = columns[1:]
    print(f"{'':44}" + "".join(f"{column:>26}" for column in columns) + "   sagegate is … times")
    for row in rows:
        cells = "".join(f"{number(row[c]['median']) + ' (' + number(row[c]['min']) + '–' + number(row[c]['max']) + ')':>26}"
                        if c in row else " " * 26 for c in columns)
        ratios = ", ".join(f"{row['sagegate']['median'] / row[other]['median']:.2f} {other}" for other in others
                           if other in row and row[other]["median"] > 0)
        print(f"{row['measure']:44}{cells}   {ratios}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="of each timed run")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with rig.Rig() as bench:
        names = ["sagegate"]
        for name in ("nginx", "haproxy"):
            if peers.installed(name):
                names.append(name)
            else:
                print(f"{name} is not installed: not measured (apt-get install {name})", file=sys.stderr)
        rounds = []
        for number in range(arguments.rounds):
            def tell(what):
                print(f"round {number + 1} of {arguments.rounds}: {what}", file=sys.stderr, flush=True)

            rounds.append(one_round(bench, number, names, arguments.seconds, tell))
    columns, rows = table(rounds, names)
    if arguments.json:
        json.dump({"cores": len(rig.CORES), "seconds": arguments.seconds, "rounds": rounds, "table": rows}, sys.stdout,
                  indent=1)
    else:
        show(columns, rows)


if __name__ == "__main__":
    main()
