#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# Reads a disassembly of the kernel for AArch64 (llvm-objdump -d --no-show-raw-insn) and says in
# TAP whether the order between CPUs is in it: on every way to an instruction that interrupts
# another CPU there is a DSB ISHST after the last store, before it what the interrupt is about, and
# what one CPU writes before it looks at the other's is a release, its look an acquire.
import re
import sys

STORE = r"^(st[rpulx]|stl|stur|cas|swp|ld(add|set|clr))"
ANNOUNCE = r"^msr ICC_SGI1R_EL1,|^str w\d+, \[x\d+, #0xf00\]"
BARRIER = r"^dsb (ishst|ish|sy)$"


def functions(lines):
    found, code = {}, None
    for line in lines:
        head = re.match(r"[0-9a-f]+ <(.*)>:", line)
        if head:
            code = found.setdefault(head.group(1), [])
            continue
        parts = re.match(r"([0-9a-f]+):\s+(.*)", line.strip())
        if parts and code is not None:
            code.append((int(parts.group(1), 16), re.sub(r"\s+", " ", parts.group(2))))
    return found


def predecessors(code):
    """The instructions that may run just before each; None among them: the function's entry."""
    at = {address: i for i, (address, _) in enumerate(code)}
    before = [set() for _ in code]
    before[0].add(None)
    for i, (_, text) in enumerate(code):
        name = text.split()[0]
        if name not in ("b", "ret", "eret", "br") and i + 1 < len(code):
            before[i + 1].add(i)
        if name == "b" or re.match(r"b\.|cbn?z|tbn?z", name):
            target = re.search(r"0x([0-9a-f]+)(?: <|$)", text)
            if target and int(target.group(1), 16) in at:
                before[at[int(target.group(1), 16)]].add(i)
    return before


def all_ways(code, start, wanted, forbidden=None):
    """Back from an instruction, every way meets `wanted`, and `forbidden` not before that."""
    before, seen, todo = predecessors(code), set(), [start]
    while todo:
        for i in before[todo.pop()]:
            if i is None or (forbidden and re.search(forbidden, code[i][1])
                             and not re.search(wanted, code[i][1])):
                return False
            if i not in seen and not re.search(wanted, code[i][1]):
                seen.add(i)
                todo.append(i)
    return True


def places(code, pattern):
    return [i for i, (_, text) in enumerate(code) if re.search(pattern, text)]


def main():
    every = functions(sys.stdin)
    number = 0

    def ok(is_good, text):
        nonlocal number
        number += 1
        print("%s %d - %s" % ("ok" if is_good else "not ok", number, text))

    senders = {name: code for name, code in every.items() if places(code, ANNOUNCE)}
    ok(len(senders) >= 3, "other CPUs are interrupted by " + " ".join(sorted(senders)))
    for name, code in sorted(senders.items()):
        # Of one GIC or the other: the second write is on another way.
        ok(all(all_ways(code, i, BARRIER, STORE) for i in places(code, ANNOUNCE)),
           name + ": a DSB ISHST, and no store after it, on every way to the interrupt")
    code = every.get("flush_others", [])
    ok(code and all(all_ways(code, i, r"^stlxr|^ldset\w*l |^ldsetal") for i in places(code, ANNOUNCE)),
       "flush_others: it has asked (a release) before it interrupts")
    ok(places(code, r"^ldar"), "flush_others: and looks (an acquire)")
    code = every.get("vcpu_kick_others", [])
    ok(code and all(all_ways(code, i, r"^ldar ") for i in places(code, ANNOUNCE)),
       "vcpu_kick_others: who runs there is read by an acquire")
    for name, text in (("wait_finish", "the state is RUNNABLE"), ("vcpu_event", "the event pends")):
        code = every.get(name, [])
        calls = places(code, r"^bl? .*<(vcpu_kick_others|wait_end)>")
        first = places(code, r"^stlxr|^cas\w*l")
        ok(calls and first and first[0] < calls[-1],
           name + ": " + text + " (a release) before anybody is told")
    code = every.get("kernel_syscall", [])
    ok(any(re.search(r"^ldar", code[i + 1][1]) for i in places(code, r"^stlr wzr")
           if i + 1 < len(code)),
       "kernel_syscall: out of the kernel by a release, then who asks by an acquire")
    print("1..%d" % number)


main()
