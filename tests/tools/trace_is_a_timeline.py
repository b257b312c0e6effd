# SPDX-License-Identifier: ISC
# Reads a timeline that chitin-trace has written with Python's own JSON parser, and prints one line
# for each fact that trace_is_a_timeline.sh asks about. Run by python3 or by gdb; the file is named by
# TRACE, the program's console output by CONSOLE.
import json
import os
import re

events = json.load(open(os.environ['TRACE']))['traceEvents']
page, other = re.search(r'page (0x\w+) other (0x\w+)', open(os.environ['CONSOLE']).read()).groups()
names = {e['pid']: e['args']['name'] for e in events if e['name'] == 'process_name'}
cpus = [pid for pid in names if names[pid] == 'CPUs'][0]
slices = [e for e in events if e['ph'] == 'X']
mine = [pid for pid in names if names[pid].startswith('traced ')]


def known(e):
    if e['name'].startswith('SYSCALL get'):
        return e['name'].split()[1]
    if e['name'] == 'FAULT' and e['args']['address'] in (page, other):
        return 'fault on page' if e['args']['address'] == page else 'fault on other'
    if e['name'] == 'env_create':
        return 'fork'
    return None


for pid in sorted(mine):
    story = [known(e) for e in slices if e['pid'] == pid and e['cat'] == 'kernel']
    print('story: ' + ', '.join(s for s in story if s))
on_cpu = sorted((e for e in slices if e['pid'] == cpus and e['cat'] != 'idle'),
                key=lambda e: e['ts'])
gaps = [a for a, b in zip(on_cpu, on_cpu[1:]) if abs(a['ts'] + a['dur'] - b['ts']) > 0.0015]
print('gaps on the CPU: %d' % len(gaps))
print('turns: %s' % all(a['cat'] != b['cat'] for a, b in zip(on_cpu, on_cpu[1:])))
print('processes: %d' % len(mine))
batches = [e for e in slices if e['pid'] == cpus and e['name'] == 'slots' and 'op 00' in e['args']]
print('batches show their operations: %s' % (len(batches) > 0))
print('operations: %s' % ' '.join(sorted({v.split()[0] for e in batches for k, v in e['args'].items()
                                          if k.startswith('op ')} & {'COPY', 'SHARE', 'DUP'})))
print('the last call: %s' % [e for e in slices if e['pid'] == cpus and e['cat'] == 'kernel'][-1]['name'])
