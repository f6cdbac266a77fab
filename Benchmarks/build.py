#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures where a clean build spends its time: build.py [demo|all].

Builds a clone of HEAD in a temporary folder, with compilers that record the processor time of each call, and prints a table by
package and by module.
"""
import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRAPPER = r"""#!/usr/bin/env python3
import os, resource, subprocess, sys
status = subprocess.run([{real!r}] + sys.argv[1:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
words = list(sys.argv)
for word in sys.argv:
    if word.startswith("@") and word.endswith("/sources"):
        words += open(word[1:]).read().split()
package, module = "understudy", "?"
for word in words:
    if "/checkouts/" in word:
        package = word.split("/checkouts/")[1].split("/")[0]
if "-module-name" in words:
    module = words[words.index("-module-name") + 1]
elif "-o" in words and ".build/" in words[words.index("-o") + 1]:
    module = words[words.index("-o") + 1].split(".build/")[-2].split("/")[-1]
# Linking uses object files of all packages.
if "-emit-executable" in words or "-emit-library" in words:
    package, module = "(linking)", "linking"
with open({log!r}, "a") as log:
    log.write("%s %s %.3f\n" % (package, module, used.ru_utime + used.ru_stime))
sys.exit(status)
"""


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else "demo"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="us-build-"))
    try:
        clone, log = folder / "clone", folder / "log"
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        swiftc = os.path.realpath(shutil.which("swiftc"))
        compilers = {"SWIFT_EXEC": shutil.which("swiftc"), "CC": os.path.join(os.path.dirname(swiftc), "clang")}
        environment = dict(os.environ)
        for variable, real in compilers.items():
            wrapper = folder / variable
            wrapper.write_text(WRAPPER.format(real=real, log=str(log)))
            wrapper.chmod(0o755)
            environment[variable] = str(wrapper)
        if what == "demo":
            environment["UNDERSTUDY_BUILD"] = "demo"
        flags = ["-c", "release", "-Xswiftc", "-enable-testing"] + (["--build-tests"] if what == "all" else [])
        subprocess.run(["swift", "package", "resolve"], cwd=clone, check=True, env=environment, capture_output=True)
        began = time.time()
        subprocess.run(["swift", "build"] + flags, cwd=clone, check=True, env=environment, capture_output=True)
        wall = time.time() - began
        packages, modules = collections.Counter(), collections.defaultdict(collections.Counter)
        for line in log.read_text().splitlines():
            package, module, seconds = line.split()
            packages[package] += float(seconds)
            modules[package][module] += float(seconds)
        total = sum(packages.values())
        print(f"{what}: {wall:.0f} s on {os.cpu_count()} cores, {total:.0f} s of processor time")
        print("\n| package | processor time | share | its largest modules |\n|---|---|---|---|")
        for package, seconds in packages.most_common():
            largest = ", ".join(f"{name} {each:.0f} s" for name, each in modules[package].most_common(4) if each >= 1)
            print(f"| {package} | {seconds:.0f} s | {100 * seconds / total:.0f} % | {largest} |")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
