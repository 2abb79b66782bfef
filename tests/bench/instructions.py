#!/usr/bin/python3
"""
Instructions that sagegate spends on a request, counted by callgrind, which no noise of the machine changes: for 100 B
and 4 KiB, with signing, a policy of 20 statements and the access log on. Compared with what is noted in
instructions.tsv; --note writes the new figures there, --profile FOLDER keeps the profiles for callgrind_annotate, and
--watching tells how much of it is the access log's and the metrics' part, with lines of text and of JSON.
"""
import argparse
import re
import subprocess
import sys
from pathlib import Path

import rig

NOTED = rig.HERE / "instructions.tsv"
SIZES = {"100 B": 100, "4 KiB": 4096}
WARM, COUNTED = 300, 1000


# Where the access log's and the metrics' part begins.
WATCHING = ["--collect-atstart=no", *(f"--toggle-collect={name}" for name in ("access_log", "metrics_count", "log_flush"))]


def count(size, profile=None, options=(), **settings):
    with rig.Rig() as bench:
        out = Path(profile or bench.folder) / f"callgrind.{size}"
        process, port = bench.start_sagegate(["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}", *options],
                                             sandbox="off", **settings)  # what valgrind itself does is not the daemon's
        target = f"/endpoints/b{size}/invocations"
        load = ["-c", 8, "-b", size, "-t", target]
        bench.load(port, "-n", WARM, *load)
        subprocess.run(["callgrind_control", "-z", str(process.pid)], check=True, capture_output=True)
        bench.load(port, "-n", COUNTED, *load)
        subprocess.run(["callgrind_control", "-d", str(process.pid)], check=True, capture_output=True)
        dump = next(out.parent.glob(out.name + ".1*"))
        return int(re.search(r"^(?:summary|totals): (\d+)", dump.read_text(), re.M)[1]) / COUNTED


def tell_watching(size, whole):
    parts = {form: round(count(size, options=WATCHING, log={"format": form})) for form in ("text", "json")}
    rest = whole - parts["text"]  # which is what the whole was counted with
    for form, part in parts.items():
        print(f"  access log ({form}) and metrics: {part}, {100 * part / rest:.2f} % of the rest", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--note", action="store_true", help=f"write the figures to {NOTED.name}")
    parser.add_argument("--profile", help="a folder to keep callgrind's files in")
    parser.add_argument("--watching", action="store_true", help="tell the part of access log and metrics, too")
    arguments = parser.parse_args()
    noted = dict(line.split("\t") for line in NOTED.read_text().splitlines()) if NOTED.exists() else {}
    counted = {}
    for name, size in SIZES.items():
        print(f"counting {name}: {WARM + COUNTED} requests under callgrind", file=sys.stderr, flush=True)
        counted[name] = round(count(size, arguments.profile))
        before = int(noted.get(name, 0))
        change = f"{100 * (counted[name] - before) / before:+.1f} % against {before} as noted" if before else ""
        print(f"{name}: {counted[name]} instructions a request  {change}", flush=True)
        if arguments.watching:
            tell_watching(size, counted[name])
    if arguments.note:
        NOTED.write_text("".join(f"{name}\t{value}\n" for name, value in counted.items()))


if __name__ == "__main__":
    main()
