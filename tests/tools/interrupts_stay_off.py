#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
# Reads a disassembly of a kernel (llvm-objdump -d --no-show-raw-insn) and fails, saying which rule
# is broken, if it has a way to let interrupts in other than to go back to a program or to wait.
import re
import sys

IF = 0x200      # RFLAGS
DAIF = 0x3c0    # SPSR: D, A, I, F, all masked
KERNEL_CODE = 8 # selector


def instructions(lines):
    """(function, text) of each."""
    found, function = [], None
    for line in lines:
        head = re.match(r"[0-9a-f]+ <(.*)>:", line)
        if head:
            function = head.group(1)
            continue
        parts = re.match(r"[0-9a-f]+:\s+(.*?)(?: # .*|<.*|//.*)?$", line.strip())
        if parts:
            found.append((function, re.sub(r"\s+", " ", parts.group(1)).strip()))
    return found


def immediate(text):
    number = re.search(r"[$#](-?0x[0-9a-f]+|-?\d+)", text)
    return int(number.group(1), 0) if number else None


def places(code, pattern):
    return [i for i, (_, text) in enumerate(code) if re.match(pattern, text)]


def x86_64(code):
    def after(i, pattern):
        return re.match(pattern, code[i + 1][1])

    on = places(code, r"sti$")
    yield len(on) == 1, "interrupts are let in at one place"
    yield all(after(i, r"hlt$") and code[i + 2][1] == "cli" for i in on), \
        "which waits at once, then shuts them out"
    yield all(code[i - 1][1].startswith("push") and immediate(code[i - 1][1]) is not None
              and not immediate(code[i - 1][1]) & IF for i in places(code, r"popf")), \
        "flags are loaded without IF"
    yield [code[i][0] for i in places(code, r"iret|sysret")] \
        == ["trap_return", "trap_return", "interrupt"], \
        "the flags of a program, or of the wait, come with the way back alone"
    masks = places(code, r"movl \$0xc0000084, %ecx")
    yield masks and all(re.match(r"movl .*%eax", code[i + 1][1])
                        and immediate(code[i + 1][1]) & IF for i in masks), \
        "SYSCALL clears IF (MSR_FMASK)"
    gates = [immediate(text) for function, text in code
             if function == "cpu_vectors_init" and text.startswith("movabs")]
    gates = [gate for gate in gates if gate >> 16 & 0xffff == KERNEL_CODE]
    yield gates and all(gate >> 40 & 0x1f == 0x0e for gate in gates), \
        "vectors are interrupt gates, not trap gates"


def aarch64(code):
    yield not places(code, r"(?i)msr daif(clr)?,"), "nothing unmasks"
    yield [code[i][0] for i in places(code, r"eret")] == ["boot", "trap_return"] \
        and [code[i][0] for i in places(code, r"(?i)msr spsr_el1,")] == ["trap_return"], \
        "the mask of a program comes with the way back alone"
    down = places(code, r"(?i)msr spsr_el2,")
    yield down and all(immediate(code[i - 1][1]) & DAIF == DAIF for i in down), \
        "boot goes down to EL1 with all masked"
    yield places(code, r"wfi"), "a CPU waits without unmasking"


def main():
    with open(sys.argv[2], encoding="utf-8") as stream:
        code = instructions(stream)
    broken = [text for is_kept, text in {"x86_64": x86_64, "aarch64": aarch64}[sys.argv[1]](code)
              if not is_kept]
    for text in broken:
        print("# not so: " + text)
    sys.exit(len(broken) > 0)


main()
