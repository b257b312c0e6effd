# SPDX-License-Identifier: ISC
# What a debugger attached to the machine (make gdb) can say of the kernel's state, by the kernel's
# own debug information: envs and their names, their tables, the trace. Reads only; works wherever
# the machine is stopped once the kernel has begun: it reads by physical addresses, because what the
# kernel maps is not to be seen where a program has stopped on AArch64.
import contextlib

import gdb

IMAGE = 0xffffffff80000000
CPUS = 8
# Of each machine: where RAM begins, how long a CPU's stacks at the image's end are, and the bits
# of a slot (arch/*/exo/layout.h, arch/*/exo/kernel.ld, arch/*/include/machine/slot.h).
MACHINES = {
    'aarch64': dict(ram=0x40000000, stacks=0, user=6, write=57, no_execute=54, right_write=55,
                    right_execute=56, fixed=2, frame=0x0000fffffffff000),
    'i386': dict(ram=0, stacks=0x7000, user=2, write=1, no_execute=63, right_write=53,
                 right_execute=54, fixed=55, frame=0x000ffffffffff000),
}
NONE = 0xffff
INFO, LIBRARY, LEVELS = 253, 254, 4


class Kernel:
    """The machine's state, found behind the kernel's image."""

    def __init__(self):
        name = gdb.selected_inferior().architecture().name()
        self.arch = MACHINES['aarch64' if 'aarch64' in name else 'i386']
        found = [m for n, m in self.places() if int(m['cpu_count']) == n]
        if not found:
            raise gdb.GdbError('the kernel has not begun yet')
        self.m = found[0]
        self.address = int(self.m.address)

    def places(self):
        """A number of CPUs, and where the machine would be then: right behind the image or, on
        x86-64, behind the stacks of these CPUs, where those of others would be."""
        kind = gdb.lookup_type('struct machine').pointer()
        end = int(gdb.parse_and_eval('(unsigned long)&image_end'))
        for n in range(1, CPUS + 1):
            place = end - (CPUS - n) * self.arch['stacks'] - IMAGE + self.arch['ram']
            yield n, gdb.Value(place).cast(kind).dereference()

    def read(self, physical, size):
        return bytes(gdb.selected_inferior().read_memory(physical, size))

    def table(self, frame):
        page = self.read(frame << 12, 4096)
        return [int.from_bytes(page[i:i + 8], 'little') for i in range(0, 4096, 8)]

    def frame(self, number):
        return self.m['frames'][number - (self.arch['ram'] >> 12)]

    def name(self, vcpu):
        kind = gdb.lookup_type('struct exo_vcpu_page')
        offset = next(f.bitpos // 8 for f in kind.fields() if f.name == 'name')
        page = self.read((int(self.m['vcpus'][vcpu]['page']['n']) << 12) + offset, 16)
        return page.split(b'\0')[0].decode('ascii', 'replace')

    def bit(self, slot, name):
        return slot >> self.arch[name] & 1

    def leaf(self, slot):
        """Access and rights as text."""
        access = '---'
        if self.bit(slot, 'user'):
            access = 'r' + '-w'[self.bit(slot, 'write')] + 'x-'[self.bit(slot, 'no_execute')]
        return '%s (at most r%s%s)%s' % (
            access, '-w'[self.bit(slot, 'right_write')], '-x'[self.bit(slot, 'right_execute')],
            ' vcpu page' if self.bit(slot, 'fixed') else '')

    def branch(self, slot):
        return 'branch, %s (at most r%s%s)' % (
            'open' if self.bit(slot, 'write') else 'frozen', '-w'[self.bit(slot, 'right_write')],
            '-x'[self.bit(slot, 'right_execute')])


def enum_name(kind, value):
    try:
        text = str(gdb.Value(value).cast(gdb.lookup_type('enum ' + kind)))
        return text.split('_', 2)[-1] if text.startswith('EXO_') else text
    except gdb.error:
        return str(value)


def array_length(array):
    first, last = array.type.range()
    return last - first + 1


@contextlib.contextmanager
def physical_memory():
    """Within, addresses of the machine's memory are physical (a packet of QEMU's own)."""
    connection = gdb.selected_inferior().connection
    if not hasattr(connection, 'send_packet'):
        raise gdb.GdbError('no machine is attached, or gdb is older than 12')
    if connection.send_packet('Qqemu.PhyMemMode:1') != b'OK':
        raise gdb.GdbError('what is attached is not QEMU')
    try:
        yield
    finally:
        connection.send_packet('Qqemu.PhyMemMode:0')


class Chitin(gdb.Command):
    """Look at Chitin's kernel: chitin envs, chitin tables ENV [ADDRESS], chitin trace [N]."""

    def __init__(self):
        super().__init__('chitin', gdb.COMMAND_DATA, prefix=True)


class Command(gdb.Command):
    """One of them; show() prints what the numbers, which are expressions of gdb's, ask for."""

    def __init__(self, name):
        super().__init__('chitin ' + name, gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        numbers = [int(gdb.parse_and_eval(word)) for word in gdb.string_to_argv(argument)]
        with physical_memory():
            self.show(Kernel(), numbers)


class Envs(Command):
    """chitin envs: every env with its state, parent, account, root frame, vcpus and name. The one
whose tables a CPU has loaded is marked with a star."""

    def show(self, k, numbers):
        loaded = [int(k.m['cpus'][c]['root_env']) for c in range(int(k.m['cpu_count']))]
        print('  ENV.GENERATION STATE  PARENT ACCOUNT      ROOT VCPUS NAME')
        for i in range(array_length(k.m['envs'])):
            env = k.m['envs'][i]
            if int(env['state']) == 0:
                continue
            vcpus, v = [], int(env['vcpus'])
            while v != NONE:
                vcpus.append(v)
                v = int(k.m['vcpus'][v]['next'])
            parent = int(env['parent'])
            print('%s %4d.%-9d %-7s %5s %7d 0x%7x %5s %s' % (
                '*' if i in loaded else ' ', i, int(env['generation']),
                ('free', 'alive', 'ending', 'dead')[int(env['state'])],
                '-' if parent == NONE else parent, int(env['account']), int(env['root']['n']),
                ','.join(map(str, vcpus)) or '-', k.name(vcpus[-1]) if vcpus else ''))


class Tables(Command):
    """chitin tables ENV: what an env (its index) has mapped, as runs of pages.
chitin tables ENV ADDRESS: the path to one address, slot by slot from the root."""

    def show(self, k, numbers):
        if not numbers:
            raise gdb.GdbError('which env? See chitin envs.')
        index = numbers[0]
        if not 0 <= index < array_length(k.m['envs']):
            raise gdb.GdbError('there is no env %d' % index)
        env = k.m['envs'][index]
        if int(env['state']) not in (1, 2):
            raise gdb.GdbError('env %d has no tables' % index)
        root = int(env['root']['n'])
        if len(numbers) > 1:
            self.path(k, root, numbers[1] & (1 << 64) - 1)
        else:
            self.run = None
            for slot in list(range(INFO)) + [LIBRARY]:
                self.walk(k, k.table(root)[slot], LEVELS, slot << 39)
            self.flush()

    def path(self, k, frame, address):
        for level in range(LEVELS, 0, -1):
            index = address >> 12 + 9 * (level - 1) & 511
            slot = k.table(frame)[index]
            text = 'empty'
            if slot & 1:
                below = (slot & k.arch['frame']) >> 12
                meta = int(k.frame(below)['meta'])
                text = '%s, frame 0x%x: %s, %d references, account %d' % (
                    k.leaf(slot) if level == 1 else k.branch(slot), below,
                    enum_name('frame_type', meta & 7).replace('FRAME_', '').lower(),
                    int(k.frame(below)['refs']), meta >> 24)
            print('level %d slot %3d of frame 0x%x: 0x%016x %s' % (level, index, frame, slot, text))
            if not slot & 1:
                return
            frame = (slot & k.arch['frame']) >> 12

    def walk(self, k, slot, level, address):
        if not slot & 1:
            return
        if level == 1:
            text = k.leaf(slot)
            if not self.run or self.run[1] != address or self.run[2] != text:
                self.flush()
                self.run = [address, address, text]
            self.run[1] = address + 4096
            return
        for i, below in enumerate(k.table((slot & k.arch['frame']) >> 12)):
            self.walk(k, below, level - 1, address + (i << 12 + 9 * (level - 2)))

    def flush(self):
        if self.run:
            print('%012x-%012x %6d pages %s' % (self.run[0], self.run[1],
                                                (self.run[1] - self.run[0]) >> 12, self.run[2]))
        self.run = None


class Trace(Command):
    """chitin trace [N]: the last N records (16) of each CPU; the kernel must have been started with
trace=N on its command line (make gdb RUN_FLAGS='--append trace=65536')."""

    KINDS = {1: 'exo_call', 2: 'exo_slot_op_kind', 3: 'exo_upcall'}

    def show(self, k, numbers):
        most = numbers[0] if numbers else 16
        records = int(k.m['trace_records'])
        if records == 0:
            raise gdb.GdbError('the trace is off: --append trace=65536 turns it on')
        kind = gdb.lookup_type('struct exo_trace').pointer()
        for cpu in range(int(k.m['cpu_count'])):
            ring = gdb.Value(k.address + int(k.m['trace_offset']) + cpu * records * 64).cast(kind)
            traced = int(k.m['cpus'][cpu]['traced'])
            for n in range(max(0, traced - min(most, records)), traced):
                self.record(cpu, ring[n % records])

    def record(self, cpu, r):
        what = ''
        if int(r['kind']) in self.KINDS:
            what = enum_name(self.KINDS[int(r['kind'])], int(r['what']))
        name = bytes(int(r['name'][i]) & 255 for i in range(16)).split(b'\0')[0]
        print('cpu %d %15d env %3d %-16s %-9s %-12s 0x%x 0x%x pc 0x%x' % (
            cpu, int(r['clock']), int(r['env']) & 0xffff, name.decode('ascii', 'replace'),
            enum_name('exo_trace_kind', int(r['kind'])), what, int(r['value'][0]),
            int(r['value'][1]), int(r['pc'])))


Chitin()
Envs('envs')
Tables('tables')
Trace('trace')
