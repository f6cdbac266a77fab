#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the manual pages of `understudy` and its commands, from the output of its argument parser: manual.py UNDERSTUDY FOLDER."""

import json
import subprocess
import sys

program, folder = sys.argv[1:]
dump = json.loads(subprocess.run([program, "--experimental-dump-help"], check=True, stdout=subprocess.PIPE).stdout)
version = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]


def text(words):
    """Escapes text for roff."""
    lines = words.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def spelled(argument):
    """An argument with its names and value: `-h, --help`, `--scale <n>`, `<job>`."""
    value = f"\\fI<{text(argument.get('valueName', ''))}>\\fR"
    if argument["kind"] == "positional":
        return value
    names = [("\\-" if name["kind"] == "short" else "\\-\\-") + text(name["name"]) for name in argument["names"]]
    return "\\fB" + ", ".join(names) + "\\fR" + (f" {value}" if argument["kind"] == "option" else "")


def preferred(argument):
    """An argument as the synopsis shows it."""
    if argument["kind"] == "positional":
        words = spelled(argument)
    else:
        name = argument["preferredName"]
        words = "\\fB" + ("\\-" if name["kind"] == "short" else "\\-\\-") + text(name["name"]) + "\\fR"
        words += f" \\fI<{text(argument['valueName'])}>\\fR" if argument["kind"] == "option" else ""
    words += " ..." if argument["isRepeating"] else ""
    return f"[{words}]" if argument["isOptional"] else words


def page(command, path):
    name, shown = "-".join(path), [each for each in command.get("arguments", []) if each["shouldDisplay"]]
    lines = [f'.TH "{name.upper()}" "1" "" "understudy {version}" "Understudy"', ".SH NAME",
             f"{text(name)} \\- {text(command['abstract'].rstrip('.'))}", ".SH SYNOPSIS", f"\\fB{text(' '.join(path))}\\fR"]
    commands = [each for each in command.get("subcommands", []) if each["shouldDisplay"] and each["commandName"] != "help"]
    lines += [preferred(argument) for argument in shown] + (["\\fI<command>\\fR"] if commands else [])
    paragraphs = [paragraph for paragraph in command.get("discussion", "").split("\n\n") if paragraph.strip()]
    if paragraphs:
        lines += [".SH DESCRIPTION"] + [line for paragraph in paragraphs for line in (".PP", text(" ".join(paragraph.split())))]
    if shown:
        lines.append(".SH OPTIONS")
    for argument in shown:
        default = argument.get("defaultValue", "")
        # Descriptions of Swift values are of no use to the reader.
        shown_default = f" Default: {default}." if default and "(" not in default else ""
        lines += [".TP", spelled(argument), text((argument.get("abstract") or "") + shown_default) or "\\&"]
    if commands:
        lines.append(".SH COMMANDS")
        for each in commands:
            lines += [".TP", f"\\fB{text('-'.join(path + [each['commandName']]))}\\fR(1)", text(each.get("abstract", ""))]
    if len(path) > 1:
        lines += [".SH SEE ALSO", f"\\fB{path[0]}\\fR(1)"]
    with open(f"{folder}/{name}.1", "w") as file:
        file.write("\n".join(lines) + "\n")
    for each in commands:
        page(each, path + [each["commandName"]])


page(dump["command"], [dump["command"]["commandName"]])
