# SPDX-License-Identifier: ISC
# Processes, threads, signals and futexes say on Chitin with several CPUs what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in processes_futex processes_wait pthreads_every_kind signals_family; do
	same_linux $name
	same_runs $name "with ${CPUS-2} CPUs" ./program --cpus "${CPUS-2}"
done
# Threads that spin for each other: with a clock that counts instructions QEMU runs its CPUs by turns.
same_linux pthreads_on_several_cpus
same_clock=
same_runs pthreads_on_several_cpus "with ${CPUS-2} CPUs" ./program --cpus "${CPUS-2}"
tap_done tests/tools/several_cpus_match_linux.sh
