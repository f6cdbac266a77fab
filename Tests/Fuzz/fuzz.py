#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends seeded hostile input to the real executables, and checks the invariants: no process ends or exceeds its memory bound, every
service still replies, and no reply is an internal error.

    Tests/Fuzz/fuzz.py rpc|web|media [--seconds 120] [--seed N] [--executables .build/release] [--corpus-only]
    Tests/Fuzz/fuzz.py media --replay FILE

First the inputs of `corpus/`, each of which once violated an invariant, are sent again; then new inputs are generated until the time is
up. Inputs that violate an invariant are stored below `.build/fuzz`, with their seed.
"""

import argparse
import collections
import os
import random
import sys
import time

import media
import rpc
import web
from stack import Broken, Stack

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FUZZERS = {"rpc": rpc.Fuzzer, "web": web.Fuzzer, "media": media.Fuzzer}


def corpus(kind):
    """Yields the names and contents of the inputs of the corpus."""
    folder = f"{HERE}/corpus/{kind}"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(f"{folder}/{name}", "rb") as file:
            yield name, file.read()


def store(kind, seed, inputs, found):
    """Stores the last inputs, newest first. Returns the folder."""
    folder = f"{found}/{kind}-{seed}"
    os.makedirs(folder, exist_ok=True)
    for age, data in enumerate(reversed(inputs)):
        with open(f"{folder}/input-{age:02}", "wb") as file:
            file.write(data)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=sorted(FUZZERS))
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--executables", default=f"{ROOT}/.build/release")
    parser.add_argument("--found", default=f"{ROOT}/.build/fuzz", help="the folder of inputs that violate an invariant")
    parser.add_argument("--replay", help="send only this input")
    parser.add_argument("--corpus-only", action="store_true")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"fuzz {arguments.what}: seed {seed}", flush=True)

    kind = FUZZERS[arguments.what]
    stack = Stack(arguments.executables, kind.memory_mb)
    recent = collections.deque(maxlen=30)
    count = 0
    try:
        fuzzer = kind(stack, random.Random(seed))
        if arguments.replay:
            with open(arguments.replay, "rb") as file:
                inputs = [(arguments.replay, file.read())]
        else:
            inputs = list(corpus(arguments.what))
        for name, data in inputs:
            recent.append(data)
            try:
                fuzzer.play(data)
                stack.check()
            except Broken as error:
                raise Broken(f"{name}: {error}") from error
            count += 1
        end = time.monotonic() + (0 if arguments.replay or arguments.corpus_only else arguments.seconds)
        since_check = 0
        while time.monotonic() < end:
            data = fuzzer.step()
            recent.append(data)
            fuzzer.play(data)
            stack.check_processes()
            count += 1
            since_check += 1
            if since_check == 20:
                stack.check()
                since_check = 0
        stack.check()
        peaks = {service: stack.memory(pid) for service, pid in stack.pids.items()}
    except (Broken, OSError) as error:
        folder = store(arguments.what, seed, list(recent), arguments.found)
        print(f"fuzz {arguments.what}: after {count} inputs: {error}", file=sys.stderr)
        print(f"fuzz {arguments.what}: the last inputs are in {folder}, newest first; seed {seed}", file=sys.stderr)
        for line in stack.lines[-12:]:
            print("  " + line[:400], file=sys.stderr)
        try:
            stack.stop()
        except Broken as failure:
            print(f"fuzz: {failure}", file=sys.stderr)
        return 1
    stack.stop()
    memory = ", ".join(f"{service} {megabytes} MB" for service, megabytes in sorted(peaks.items()))
    print(f"fuzz {arguments.what}: {count} inputs, nothing broke; {memory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
