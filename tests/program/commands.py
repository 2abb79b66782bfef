"""The subcommands, as --help lists them."""
import re
import subprocess

from gate import SAGEGATE


def run_help(*words):
    return subprocess.run([SAGEGATE, *words, "--help"], text=True, capture_output=True, check=True, timeout=60).stdout


def listed(*words):
    return [(*words, name) for name in re.findall(r"^  ([a-z][a-z-]*) ", run_help(*words).partition("Commands:\n")[2], re.M)]


def commands():
    """Each as a tuple of words: ("check",), ("policy", "eval"), …"""
    return [leaf for command in listed() for leaf in listed(*command) or [command]]
