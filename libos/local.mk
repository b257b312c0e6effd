# SPDX-License-Identifier: ISC
# The library OS, but for its machine-dependent part (arch/*/libos). One list for all CPUs.
LIBOS_SOURCES = $(LIBOS_FS_SOURCES) libos/heap.c libos/lock.c libos/memory.c libos/print.c \
	libos/state.c libos/family/arena.c libos/family/bury.c libos/family/family.c \
	libos/family/init.c libos/family/lock.c libos/family/process_table.c libos/fork/exec.c \
	libos/fork/fork.c libos/fork/fork_memory.c libos/fork/image.c libos/fork/load.c \
	libos/fork/process.c libos/fork/start.c libos/fork/strings.c libos/sched/round_robin.c \
	libos/sched/sched.c libos/thread/block.c libos/thread/thread.c libos/thread/vcpu.c \
	libos/upcall/native.c libos/upcall/upcall.c libos/vm/copy.c libos/vm/dirty.c \
	libos/vm/fault.c libos/vm/fault0.c libos/vm/fill.c libos/vm/map.c libos/vm/protect.c \
	libos/vm/region.c libos/vm/slots.c libos/fs/archive.c $(LIBOS_LINUX_SOURCES) \
	libos/linux/post_mortem.c libos/linux/stack.c

# What the fuzz target `linux` runs on the host, too.
LIBOS_LINUX_SOURCES = \
	libos/linux/attribute.c libos/linux/call.c libos/linux/console.c \
	libos/linux/descriptor.c libos/linux/errno.c libos/linux/file.c libos/linux/futex.c \
	libos/linux/info.c libos/linux/init.c libos/linux/ioctl.c libos/linux/job.c \
	libos/linux/limit.c libos/linux/locks.c libos/linux/mapped.c libos/linux/memory.c \
	libos/linux/name.c libos/linux/poll.c libos/linux/priority.c libos/linux/proc.c \
	libos/linux/program.c libos/linux/reboot.c libos/linux/saved.c libos/linux/send.c \
	libos/linux/shared.c libos/linux/signal.c libos/linux/signal_call.c \
	libos/linux/signal_kill.c libos/linux/signal_leave.c libos/linux/stat.c \
	libos/linux/strace.c libos/linux/task.c libos/linux/time.c libos/linux/timer.c \
	libos/linux/usage.c

# The file tree, in the host's tests too.
LIBOS_FS_SOURCES = libos/fs/cpio.c libos/fs/data.c libos/fs/device.c libos/fs/files.c \
	libos/fs/fs.c libos/fs/locks.c libos/fs/node.c libos/fs/open.c libos/fs/path.c \
	libos/fs/pipe.c libos/fs/proc.c libos/fs/recount.c libos/fs/tty.c

LIBOS_H = libos/arch.h libos/base.h libos/hidden.h libos/layout.h libos/libos.h libos/lock.h \
	libos/memory.h libos/state.h libos/family/arena.h libos/family/family.h \
	libos/family/lock.h libos/family/process_table.h libos/fs/pipe.h libos/fork/fork.h \
	libos/fork/image.h libos/fork/load.h libos/fork/process.h libos/fork/strings.h \
	libos/fs/archive.h libos/fs/cpio.h libos/fs/data.h libos/fs/device.h libos/fs/error.def \
	libos/fs/fs.h libos/fs/locks.h libos/fs/node.h libos/fs/open.h libos/fs/path.h \
	libos/fs/proc.def libos/fs/proc.h libos/fs/recount.h libos/fs/tty.h libos/linux/console.h \
	libos/linux/proc.h libos/linux/errno.def libos/linux/errno.h libos/linux/strace.def \
	libos/linux/file.h libos/linux/linux.h libos/linux/mapped.h libos/linux/name.h \
	libos/linux/saved.h libos/linux/shared.h libos/linux/signal.h libos/sched/sched.h \
	libos/thread/thread.h libos/thread/vcpu.h libos/upcall/upcall.h libos/upcall/native.def \
	libos/upcall/native.h libos/vm/region.h libos/vm/slots.h libos/vm/vm.h

EXTRA_DIST += $(LIBOS_H) libos/family/README libos/fork/README libos/fs/README libos/linux/README \
	libos/sched/README libos/thread/README libos/upcall/README libos/vm/README doc/linux.md

noinst_LIBRARIES += libos-host.a
libos_host_a_SOURCES = $(LIBOS_FS_SOURCES) libos/fork/image.c
libos_host_a_CPPFLAGS = $(HOST_CPPFLAGS)
libos_host_a_CFLAGS = $(HOST_CFLAGS)
nobase_chitininclude_HEADERS += libos/libos.h
