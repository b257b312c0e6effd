# SPDX-License-Identifier: ISC
# Tests. All print TAP. To add one: write the file, add one line to one of these lists.

# tests/host/NAME.c, run as it is; those of the kernel are in tests/host/local.mk.
HOST_TESTS = \
	tests/host/archive_lies_in_memory.tap \
	tests/host/arena_counts_after_a_death.tap \
	tests/host/bad_images_are_refused.tap \
	tests/host/cpio_refuses_bad_archives.tap \
	tests/host/env_numbers_are_used_again.tap \
	tests/host/files_keep_what_is_written.tap \
	tests/host/groups_are_killed_at_once.tap \
	tests/host/killed_at_every_instruction.tap \
	tests/host/library_lock_loses_no_wake.tap \
	tests/host/paths_lead_where_linux_says.tap \
	tests/host/threads_take_legal_edges_only.tap \
	tests/host/tty_edits_lines.tap \
	tests/host/who_ends_forgets_the_dead.tap \
	tests/host/tap_self_check.tap

# tests/guest/NAME.c, built by chitin-cc and booted by tests/run-guest; a line `run-guest: OPTIONS`
# in the file's first comment gives options for chitin-run.
GUEST_TESTS = \
	tests/guest/child_ends_first.guest \
	tests/guest/cow_two_addresses.guest \
	tests/guest/fault_kills_once.guest \
	tests/guest/events_on_the_way_back.guest \
	tests/guest/every_refusal_is_told.guest \
	tests/guest/one_refusal_stops_nobody.guest \
	tests/guest/exhaustion_stays_in_the_child.guest \
	tests/guest/killed_at_any_time.guest \
	tests/guest/killed_at_every_point.guest \
	tests/guest/calendar_begins_where_told.guest \
	tests/guest/dirty_pages_are_told.guest \
	tests/guest/faults_reach_their_handler.guest \
	tests/guest/family_survives_deaths.guest \
	tests/guest/first_run_fair.guest \
	tests/guest/first_run_once.guest \
	tests/guest/first_run_storm.guest \
	tests/guest/fork_fresh_root.guest \
	tests/guest/fork_inherits.guest \
	tests/guest/fork_keeps_contents.guest \
	tests/guest/fork_progress.guest \
	tests/guest/fork_random_tree.guest \
	tests/guest/fork_spin_stress.guest \
	tests/guest/group_ends_while_it_forks.guest \
	tests/guest/out_of_memory_is_told.guest \
	tests/guest/threads_keep_registers.guest \
	tests/guest/threads_mixed_kinds.guest \
	tests/guest/kernel_tables_tell_the_truth.guest \
	tests/guest/linux_calls_answer_as_linux.guest \
	tests/guest/native_linux_calls.guest \
	tests/guest/cpus_are_told.guest \
	tests/guest/pthreads_share_and_wait.guest \
	tests/guest/processes_run_at_once.guest \
	tests/guest/random_linux_calls_leave_the_process.guest \
	tests/guest/signal_on_cow_stack.guest \
	tests/guest/thread_progress.guest \
	tests/guest/threads_run_at_once.guest \
	tests/guest/trace_notes_what_happened.guest \
	tests/guest/wait_statuses.guest

# tests/guest/NAME.c, freestanding, put in the place of the first program: kernel tests.
RAW_TESTS = \
	tests/guest/async_upcalls_leave_progress.raw \
	tests/guest/bad_upcall_stacks_kill_their_env_alone.raw \
	tests/guest/calls_race_in_two_places.raw \
	tests/guest/call_costs.raw \
	tests/guest/cpu_exceptions_are_upcalls.raw \
	tests/guest/each_cpu_has_its_own.raw \
	tests/guest/exit_in_every_state.raw \
	tests/guest/former_owners_leave_nothing.raw \
	tests/guest/hostile_arguments_change_nothing.raw \
	tests/guest/hostile_frames_are_refused.raw \
	tests/guest/nobody_is_starved.raw \
	tests/guest/orphans_go_to_the_parent.raw \
	tests/guest/out_of_memory_at_every_allocation.raw \
	tests/guest/random_calls_stop_nobody.raw \
	tests/guest/random_code_cannot_stop_the_kernel.raw \
	tests/guest/registers_name_nobody.raw \
	tests/guest/registers_survive_at_1000_hz.raw \
	tests/guest/registers_survive_between_envs.raw \
	tests/guest/registers_survive_preemption.raw \
	tests/guest/revocation_has_a_deadline.raw \
	tests/guest/revoked_pages_fault_elsewhere.raw \
	tests/guest/slice_end_asks_then_takes.raw \
	tests/guest/stale_names_reach_nobody.raw \
	tests/guest/tables_cannot_be_written.raw \
	tests/guest/taking_ones_own_memory_ends_oneself_alone.raw \
	tests/guest/translations_are_never_stale.raw \
	tests/guest/upcalls_nest_to_a_stated_bound.raw \
	tests/guest/waits_end_by_wake_or_event.raw \
	tests/guest/wakes_bring_what_was_written.raw

# The same with several CPUs (2, or CPUS=...): tests/smp/NAME is tests/guest/NAME. All but
# calendar_begins_where_told, which is about options of chitin-run; trace_notes_what_happened,
# which reads the ring of the only CPU; events_on_the_way_back, first_run_once and first_run_storm,
# which are about threads that share a CPU, and here each has its own; and each_cpu_has_its_own and
# threads_run_at_once, which ask for several CPUs themselves.
SMP_TESTS = \
	tests/smp/async_upcalls_leave_progress.raw \
	tests/smp/bad_upcall_stacks_kill_their_env_alone.raw \
	tests/smp/calls_race_in_two_places.raw \
	tests/smp/call_costs.raw \
	tests/smp/child_ends_first.guest \
	tests/smp/cow_two_addresses.guest \
	tests/smp/cpu_exceptions_are_upcalls.raw \
	tests/smp/dirty_pages_are_told.guest \
	tests/smp/every_refusal_is_told.guest \
	tests/smp/exhaustion_stays_in_the_child.guest \
	tests/smp/killed_at_any_time.guest \
	tests/smp/one_refusal_stops_nobody.guest \
	tests/smp/exit_in_every_state.raw \
	tests/smp/family_survives_deaths.guest \
	tests/smp/fault_kills_once.guest \
	tests/smp/faults_reach_their_handler.guest \
	tests/smp/former_owners_leave_nothing.raw \
	tests/smp/first_run_fair.guest \
	tests/smp/fork_fresh_root.guest \
	tests/smp/fork_inherits.guest \
	tests/smp/fork_keeps_contents.guest \
	tests/smp/fork_progress.guest \
	tests/smp/fork_random_tree.guest \
	tests/smp/fork_spin_stress.guest \
	tests/smp/group_ends_while_it_forks.guest \
	tests/smp/hostile_arguments_change_nothing.raw \
	tests/smp/hostile_frames_are_refused.raw \
	tests/smp/kernel_tables_tell_the_truth.guest \
	tests/smp/linux_calls_answer_as_linux.guest \
	tests/smp/native_linux_calls.guest \
	tests/smp/nobody_is_starved.raw \
	tests/smp/orphans_go_to_the_parent.raw \
	tests/smp/out_of_memory_at_every_allocation.raw \
	tests/smp/out_of_memory_is_told.guest \
	tests/smp/processes_run_at_once.guest \
	tests/smp/cpus_are_told.guest \
	tests/smp/pthreads_share_and_wait.guest \
	tests/smp/random_calls_stop_nobody.raw \
	tests/smp/random_code_cannot_stop_the_kernel.raw \
	tests/smp/random_linux_calls_leave_the_process.guest \
	tests/smp/registers_name_nobody.raw \
	tests/smp/registers_survive_at_1000_hz.raw \
	tests/smp/registers_survive_between_envs.raw \
	tests/smp/registers_survive_preemption.raw \
	tests/smp/revocation_has_a_deadline.raw \
	tests/smp/revoked_pages_fault_elsewhere.raw \
	tests/smp/signal_on_cow_stack.guest \
	tests/smp/slice_end_asks_then_takes.raw \
	tests/smp/stale_names_reach_nobody.raw \
	tests/smp/tables_cannot_be_written.raw \
	tests/smp/taking_ones_own_memory_ends_oneself_alone.raw \
	tests/smp/thread_progress.guest \
	tests/smp/threads_keep_registers.guest \
	tests/smp/threads_mixed_kinds.guest \
	tests/smp/translations_are_never_stale.raw \
	tests/smp/upcalls_nest_to_a_stated_bound.raw \
	tests/smp/wait_statuses.guest \
	tests/smp/waits_end_by_wake_or_event.raw \
	tests/smp/wakes_bring_what_was_written.raw

# The same on AArch64, all: tests/aarch64/NAME from tests/guest/NAME.c.
AARCH64_GUEST_TESTS = \
	tests/aarch64/child_ends_first.guest \
	tests/aarch64/fault_kills_once.guest \
	tests/aarch64/cow_two_addresses.guest \
	tests/aarch64/family_survives_deaths.guest \
	tests/aarch64/calendar_begins_where_told.guest \
	tests/aarch64/dirty_pages_are_told.guest \
	tests/aarch64/faults_reach_their_handler.guest \
	tests/aarch64/first_run_fair.guest \
	tests/aarch64/first_run_once.guest \
	tests/aarch64/fork_fresh_root.guest \
	tests/aarch64/fork_inherits.guest \
	tests/aarch64/fork_keeps_contents.guest \
	tests/aarch64/fork_progress.guest \
	tests/aarch64/fork_random_tree.guest \
	tests/aarch64/fork_spin_stress.guest \
	tests/aarch64/group_ends_while_it_forks.guest \
	tests/aarch64/linux_calls_answer_as_linux.guest \
	tests/aarch64/native_linux_calls.guest \
	tests/aarch64/cpus_are_told.guest \
	tests/aarch64/pthreads_share_and_wait.guest \
	tests/aarch64/random_linux_calls_leave_the_process.guest \
	tests/aarch64/signal_on_cow_stack.guest \
	tests/aarch64/thread_progress.guest \
	tests/aarch64/threads_keep_registers.guest \
	tests/aarch64/threads_mixed_kinds.guest \
	tests/aarch64/threads_run_at_once.guest \
	tests/aarch64/wait_statuses.guest \
	tests/aarch64/events_on_the_way_back.guest \
	tests/aarch64/every_refusal_is_told.guest \
	tests/aarch64/one_refusal_stops_nobody.guest \
	tests/aarch64/exhaustion_stays_in_the_child.guest \
	tests/aarch64/killed_at_any_time.guest \
	tests/aarch64/killed_at_every_point.guest \
	tests/aarch64/first_run_storm.guest \
	tests/aarch64/kernel_tables_tell_the_truth.guest \
	tests/aarch64/out_of_memory_is_told.guest \
	tests/aarch64/processes_run_at_once.guest \
	tests/aarch64/trace_notes_what_happened.guest
AARCH64_RAW_TESTS = \
	tests/aarch64/async_upcalls_leave_progress.raw \
	tests/aarch64/bad_upcall_stacks_kill_their_env_alone.raw \
	tests/aarch64/calls_race_in_two_places.raw \
	tests/aarch64/each_cpu_has_its_own.raw \
	tests/aarch64/exit_in_every_state.raw \
	tests/aarch64/former_owners_leave_nothing.raw \
	tests/aarch64/hostile_arguments_change_nothing.raw \
	tests/aarch64/hostile_frames_are_refused.raw \
	tests/aarch64/nobody_is_starved.raw \
	tests/aarch64/orphans_go_to_the_parent.raw \
	tests/aarch64/out_of_memory_at_every_allocation.raw \
	tests/aarch64/random_calls_stop_nobody.raw \
	tests/aarch64/registers_name_nobody.raw \
	tests/aarch64/registers_survive_at_1000_hz.raw \
	tests/aarch64/registers_survive_between_envs.raw \
	tests/aarch64/registers_survive_preemption.raw \
	tests/aarch64/revocation_has_a_deadline.raw \
	tests/aarch64/slice_end_asks_then_takes.raw \
	tests/aarch64/stale_names_reach_nobody.raw \
	tests/aarch64/tables_cannot_be_written.raw \
	tests/aarch64/taking_ones_own_memory_ends_oneself_alone.raw \
	tests/aarch64/translations_are_never_stale.raw \
	tests/aarch64/upcalls_nest_to_a_stated_bound.raw \
	tests/aarch64/waits_end_by_wake_or_event.raw \
	tests/aarch64/wakes_bring_what_was_written.raw \
	tests/aarch64/call_costs.raw \
	tests/aarch64/revoked_pages_fault_elsewhere.raw

# The same with several CPUs, as SMP_TESTS.
AARCH64_SMP_TESTS = \
	tests/aarch64/smp/async_upcalls_leave_progress.raw \
	tests/aarch64/smp/bad_upcall_stacks_kill_their_env_alone.raw \
	tests/aarch64/smp/calls_race_in_two_places.raw \
	tests/aarch64/smp/child_ends_first.guest \
	tests/aarch64/smp/cow_two_addresses.guest \
	tests/aarch64/smp/cpu_exceptions_are_upcalls.raw \
	tests/aarch64/smp/dirty_pages_are_told.guest \
	tests/aarch64/smp/exit_in_every_state.raw \
	tests/aarch64/smp/family_survives_deaths.guest \
	tests/aarch64/smp/fault_kills_once.guest \
	tests/aarch64/smp/faults_reach_their_handler.guest \
	tests/aarch64/smp/former_owners_leave_nothing.raw \
	tests/aarch64/smp/first_run_fair.guest \
	tests/aarch64/smp/fork_fresh_root.guest \
	tests/aarch64/smp/fork_inherits.guest \
	tests/aarch64/smp/fork_keeps_contents.guest \
	tests/aarch64/smp/fork_progress.guest \
	tests/aarch64/smp/fork_random_tree.guest \
	tests/aarch64/smp/fork_spin_stress.guest \
	tests/aarch64/smp/group_ends_while_it_forks.guest \
	tests/aarch64/smp/hostile_arguments_change_nothing.raw \
	tests/aarch64/smp/hostile_frames_are_refused.raw \
	tests/aarch64/smp/linux_calls_answer_as_linux.guest \
	tests/aarch64/smp/native_linux_calls.guest \
	tests/aarch64/smp/nobody_is_starved.raw \
	tests/aarch64/smp/orphans_go_to_the_parent.raw \
	tests/aarch64/smp/out_of_memory_at_every_allocation.raw \
	tests/aarch64/smp/cpus_are_told.guest \
	tests/aarch64/smp/pthreads_share_and_wait.guest \
	tests/aarch64/smp/random_calls_stop_nobody.raw \
	tests/aarch64/smp/random_code_cannot_stop_the_kernel.raw \
	tests/aarch64/smp/random_linux_calls_leave_the_process.guest \
	tests/aarch64/smp/registers_name_nobody.raw \
	tests/aarch64/smp/registers_survive_at_1000_hz.raw \
	tests/aarch64/smp/registers_survive_between_envs.raw \
	tests/aarch64/smp/registers_survive_preemption.raw \
	tests/aarch64/smp/revocation_has_a_deadline.raw \
	tests/aarch64/smp/signal_on_cow_stack.guest \
	tests/aarch64/smp/slice_end_asks_then_takes.raw \
	tests/aarch64/smp/stale_names_reach_nobody.raw \
	tests/aarch64/smp/tables_cannot_be_written.raw \
	tests/aarch64/smp/taking_ones_own_memory_ends_oneself_alone.raw \
	tests/aarch64/smp/thread_progress.guest \
	tests/aarch64/smp/threads_keep_registers.guest \
	tests/aarch64/smp/threads_mixed_kinds.guest \
	tests/aarch64/smp/translations_are_never_stale.raw \
	tests/aarch64/smp/upcalls_nest_to_a_stated_bound.raw \
	tests/aarch64/smp/wait_statuses.guest \
	tests/aarch64/smp/waits_end_by_wake_or_event.raw \
	tests/aarch64/smp/wakes_bring_what_was_written.raw \
	tests/aarch64/smp/call_costs.raw \
	tests/aarch64/smp/every_refusal_is_told.guest \
	tests/aarch64/smp/exhaustion_stays_in_the_child.guest \
	tests/aarch64/smp/killed_at_any_time.guest \
	tests/aarch64/smp/one_refusal_stops_nobody.guest \
	tests/aarch64/smp/kernel_tables_tell_the_truth.guest \
	tests/aarch64/smp/out_of_memory_is_told.guest \
	tests/aarch64/smp/processes_run_at_once.guest \
	tests/aarch64/smp/revoked_pages_fault_elsewhere.raw

# tests/guest/aarch64/NAME.c: kernel tests of that CPU, as there are of x86-64 under the same names.
AARCH64_OWN_RAW_TESTS = \
	tests/aarch64/cpu_exceptions_are_upcalls.raw \
	tests/aarch64/random_code_cannot_stop_the_kernel.raw

# tests/guest/NAME.c, plain C for Linux, compiled both ways by a test in tests/tools that compares
# what they say on Chitin and here.
GUEST_AND_HERE = \
	tests/guest/bad_pointers.c \
	tests/guest/bad_values.c \
	tests/guest/clocks_agree.c \
	tests/guest/proc_tells.c \
	tests/guest/processes_clone.c \
	tests/guest/files_named.c \
	tests/guest/files_sent.c \
	tests/guest/files_shared.c \
	tests/guest/processes_end.c \
	tests/guest/processes_execute.c \
	tests/guest/processes_futex.c \
	tests/guest/processes_limits.c \
	tests/guest/processes_pipes.c \
	tests/guest/processes_poll.c \
	tests/guest/processes_share.c \
	tests/guest/processes_wait.c \
	tests/guest/terminal_jobs.c \
	tests/guest/threads_futex.c \
	tests/guest/pthreads_every_kind.c \
	tests/guest/pthreads_on_several_cpus.c \
	tests/guest/signals_faults.c \
	tests/guest/signals_family.c \
	tests/guest/signals_handlers.c \
	tests/guest/signals_hostile.c \
	tests/guest/signals_threads.c \
	tests/guest/signals_waits.c

# tests/tools/NAME.sh, run by the shell: the host tools.
TOOL_TESTS = \
	tests/tools/aarch64_machines.sh \
	tests/tools/aarch64_matches_linux.sh \
	tests/tools/arguments_match_linux.sh \
	tests/tools/bad_first_programs.sh \
	tests/tools/bad_programs.sh \
	tests/tools/barriers_are_there.sh \
	tests/tools/bench_rows_match.sh \
	tests/tools/bench_within_limits.sh \
	tests/tools/boot_archive.sh \
	tests/tools/busybox_matches_linux.sh \
	tests/tools/chitin_run_ends.sh \
	tests/tools/chitin_run_input.sh \
	tests/tools/debugger_knows_both.sh \
	tests/tools/debugger_reads_tables.sh \
	tests/tools/files_match_linux.sh \
	tests/tools/first_run_rates.sh \
	tests/tools/hostile_is_tested.sh \
	tests/tools/installed.sh \
	tests/tools/interrupts_stay_off.sh \
	tests/tools/kernel_leaves_programs_alone.sh \
	tests/tools/layout_independent.sh \
	tests/tools/leaf_functions_are_proved.sh \
	tests/tools/models_hold.sh \
	tests/tools/oss_fuzz_builds.sh \
	tests/tools/linux_calls_are_listed.sh \
	tests/tools/lua_matches_linux.sh \
	tests/tools/processes_match_linux.sh \
	tests/tools/post_mortem.sh \
	tests/tools/ps_and_vmstat.sh \
	tests/tools/roulette.sh \
	tests/tools/scenarios_are_tested.sh \
	tests/tools/seeds_are_the_calls_of_a_trace.sh \
	tests/tools/shoot_down_costs.sh \
	tests/tools/pthreads_match_linux.sh \
	tests/tools/several_cpus_match_linux.sh \
	tests/tools/shell_on_a_terminal.sh \
	tests/tools/shell_matches_linux.sh \
	tests/tools/signals_match_linux.sh \
	tests/tools/sqlite_matches_linux.sh \
	tests/tools/strace_names_things.sh \
	tests/tools/syntax_check.sh \
	tests/tools/terminal_matches_linux.sh \
	tests/tools/trace_is_a_timeline.sh

TEST_H = tests/tap.h tests/calls.h tests/same.h tests/guest/raw.h tests/process.h \
	tests/guest/raw_child.h tests/guest/raw_victim.h tests/life_ended.h tests/life_refused.h \
	tests/faults/faults.h tests/guest/x86_64/cpu.h tests/guest/x86_64/hold.h \
	tests/guest/x86_64/keep.h tests/guest/aarch64/keep.h tests/guest/x86_64/way.h \
	tests/guest/aarch64/way.h tests/guest/x86_64/leak.h tests/guest/aarch64/leak.h \
	tests/guest/aarch64/cpu.h tests/guest/aarch64/hold.h tests/host/family_alone.h \
	tests/host/family_memory.h tests/host/files_life.h tests/host/heap_of_blocks.h \
	tests/host/fs_host.h tests/host/lab.h tests/host/sides.h tests/host/fiber.h \
	tests/host/library_lock.h tests/host/thread_life.h

EXTRA_DIST += $(TEST_H) tests/tools/spawn_each.c tests/tools/traced.c \
	tests/tools/trace_is_a_timeline.py tests/tools/barriers_are_there.py \
	tests/tools/interrupts_stay_off.py tests/tools/terminal.c tests/README \
	tests/check-layout tests/check-long tests/check-unfix tests/copy-tree tests/run-guest \
	tests/readme-commands tests/tools/tap.sh tests/tools/same.sh tests/tools/kernel.S \
	tests/tools/kernel_aarch64.S $(TOOL_TESTS)
EXTRA_DIST += tests/tools/shell/control.sh tests/tools/shell/crowd.sh tests/tools/shell/files.sh \
	tests/tools/shell/pipes.sh tests/tools/shell/proc.sh tests/tools/shell/words.sh
EXTRA_DIST += doc/hostile.md doc/scenarios.md \
	tests/race/announced_before_it_is_so.unfix.patch \
	tests/race/asleep_beside_who_can_run.unfix.patch \
	tests/race/batch_given_up.unfix.patch \
	tests/race/being_made_is_not_there.unfix.patch \
	tests/race/bucket_read_once.unfix.patch \
	tests/race/charged_to_who_waits.unfix.patch \
	tests/race/child_forgotten_unless_waited_for.unfix.patch \
	tests/race/claimed_while_stopping.unfix.patch \
	tests/race/claimed_without_its_env.unfix.patch \
	tests/race/claimed_without_the_tree.unfix.patch \
	tests/race/context_saved_after_its_state.unfix.patch \
	tests/race/counts_as_the_dead_left_them.unfix.patch \
	tests/race/counted_before_the_lock.unfix.patch \
	tests/race/current_before_it_runs.unfix.patch \
	tests/race/dead_left_at_the_end.unfix.patch \
	tests/race/event_before_the_block.unfix.patch \
	tests/race/excess_outlives_its_vcpu.unfix.patch \
	tests/race/exec_keeps_the_old_space.unfix.patch \
	tests/race/files_data_is_shared.unfix.patch \
	tests/race/first_run_once.unfix.patch \
	tests/race/found_after_the_reaping.unfix.patch \
	tests/race/found_while_initializing.unfix.patch \
	tests/race/frame_kept_for_its_waiter.unfix.patch \
	tests/race/free_frame_missed.unfix.patch \
	tests/race/generation_stays.unfix.patch \
	tests/race/group_passed_before_the_child.unfix.patch \
	tests/race/gs_by_its_sign.unfix.patch \
	tests/race/idle_not_interrupted.unfix.patch \
	tests/race/idle_takes_the_others_turn.unfix.patch \
	tests/race/interrupts_in_system_calls.unfix.patch \
	tests/race/joining_begins_all_anew.unfix.patch \
	tests/race/killed_by_a_signal_that_pends.unfix.patch \
	tests/race/no_cpu_sees_freed_frames.unfix.patch \
	tests/race/progress_with_a_late_event.unfix.patch \
	tests/race/quota_in_two_steps.unfix.patch \
	tests/race/record_of_another_cpu.unfix.patch \
	tests/race/registers_still_there.unfix.patch \
	tests/race/restart_is_an_end.unfix.patch \
	tests/race/result_after_runnable.unfix.patch \
	tests/race/root_freed_while_loaded.unfix.patch \
	tests/race/run_in_hand_lost.unfix.patch \
	tests/race/signal_left_to_the_parent.unfix.patch \
	tests/race/signals_pend_for_the_child.unfix.patch \
	tests/race/sixteen_deaths_an_event.unfix.patch \
	tests/race/sleeper_woken_without_the_tree.unfix.patch \
	tests/race/slice_read_after_the_lock.unfix.patch \
	tests/race/slot_serves_once.unfix.patch \
	tests/race/stopping_may_wait.unfix.patch \
	tests/race/table_in_hand_forgotten.unfix.patch \
	tests/race/taken_away_in_silence.unfix.patch \
	tests/race/taken_by_two.unfix.patch \
	tests/race/tick_before_the_first_step.unfix.patch \
	tests/race/told_after_the_wake.unfix.patch \
	tests/race/waiter_chosen_before_the_lock.unfix.patch \
	tests/race/woken_by_a_store.unfix.patch \
	tests/race/word_before_the_block.unfix.patch \
	tests/race/word_left_as_it_is.unfix.patch \
	tests/race/yield_to_one_just_taken.unfix.patch \
	tests/race/yielded_at_the_slices_end.unfix.patch \
	tests/race/zeroed_after_it_is_free.unfix.patch
EXTRA_DIST += tests/models/library_lock.pml tests/models/revocation.pml \
	tests/models/upcall_masking.pml tests/models/vcpu_life.pml
EXTRA_DIST += $(GUEST_AND_HERE) $(GUEST_TESTS:.guest=.c) $(RAW_TESTS:.raw=.c)
CLEANFILES += $(GUEST_TESTS) $(RAW_TESTS) $(SMP_TESTS) $(AARCH64_SMP_TESTS) $(AARCH64_GUEST_TESTS) \
	$(AARCH64_RAW_TESTS) $(AARCH64_OWN_RAW_TESTS)
EXTRA_DIST += $(AARCH64_OWN_RAW_TESTS:tests/aarch64/%.raw=tests/guest/aarch64/%.c)

AM_CPPFLAGS = $(HOST_CPPFLAGS)
AM_CFLAGS = $(HOST_CFLAGS)
# What the tests of the kernel share: a machine with a first env.
noinst_LIBRARIES += liblab.a
liblab_a_SOURCES = tests/host/lab.c tests/host/sides.c
LDADD = liblab.a libexo-host.a libos-host.a
check_PROGRAMS += $(HOST_TESTS)
# The library's process table; its memory is the host's.
tests_host_env_numbers_are_used_again_tap_SOURCES = tests/host/env_numbers_are_used_again.c \
	libos/family/bury.c libos/family/process_table.c libos/fork/process.c
tests_host_env_numbers_are_used_again_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/fuzz/linux_names.h
tests_host_who_ends_forgets_the_dead_tap_SOURCES = tests/host/who_ends_forgets_the_dead.c \
	libos/family/bury.c libos/family/process_table.c libos/fork/process.c
tests_host_who_ends_forgets_the_dead_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/fuzz/linux_names.h
# What the kernels of real machines do with what loaders say.
tests_host_archive_lies_in_memory_tap_SOURCES = tests/host/archive_lies_in_memory.c \
	arch/common/exo/memory.c
tests_host_arena_counts_after_a_death_tap_SOURCES = tests/host/arena_counts_after_a_death.c \
	libos/family/arena.c
tests_host_arena_counts_after_a_death_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/fuzz/linux_names.h
tests_host_killed_at_every_instruction_tap_SOURCES = tests/host/killed_at_every_instruction.c \
	libos/family/bury.c libos/family/lock.c libos/family/process_table.c libos/fork/process.c
tests_host_killed_at_every_instruction_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/fuzz/linux_names.h
tests_host_groups_are_killed_at_once_tap_SOURCES = tests/host/groups_are_killed_at_once.c \
	libos/family/process_table.c
tests_host_groups_are_killed_at_once_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/fuzz/linux_names.h
tests_host_library_lock_loses_no_wake_tap_SOURCES = \
	tests/host/library_lock_loses_no_wake.c libos/thread/vcpu.c
tests_host_library_lock_loses_no_wake_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/tests/host/library_lock.h
# Of the library's threads the life alone: what the rest of that file calls is not linked.
tests_host_threads_take_legal_edges_only_tap_SOURCES = \
	tests/host/threads_take_legal_edges_only.c libos/thread/thread.c
tests_host_threads_take_legal_edges_only_tap_CPPFLAGS = $(HOST_CPPFLAGS) -Ulinux \
	-include $(srcdir)/tests/host/thread_life.h
tests_host_threads_take_legal_edges_only_tap_CFLAGS = $(HOST_CFLAGS) -ffunction-sections
tests_host_threads_take_legal_edges_only_tap_LDFLAGS = -Wl,--gc-sections
TESTS += $(HOST_TESTS) $(TOOL_TESTS)
# What boots, with one CPU and with several.
BOOT_TESTS = $(GUEST_TESTS) $(RAW_TESTS)
BOOT_SMP_TESTS = $(SMP_TESTS)
if HAVE_AARCH64
BOOT_TESTS += $(AARCH64_GUEST_TESTS) $(AARCH64_RAW_TESTS) $(AARCH64_OWN_RAW_TESTS)
BOOT_SMP_TESTS += $(AARCH64_SMP_TESTS)
endif
TESTS += $(BOOT_TESTS) $(BOOT_SMP_TESTS)

TEST_EXTENSIONS = .tap .guest .raw .sh .fuzz
# A host test that hangs is ended; what boots has chitin-run's --timeout.
TAP_LOG_COMPILER = timeout -s ABRT $(HOST_SECONDS)
HOST_SECONDS = 900
TAP_LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
GUEST_LOG_DRIVER = $(TAP_LOG_DRIVER)
GUEST_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-guest
SH_LOG_DRIVER = $(TAP_LOG_DRIVER)
# Whatever starts make may ignore SIGPIPE (services, Python), and programs say so.
SH_LOG_COMPILER = env --default-signal $(SHELL)
RAW_LOG_DRIVER = $(TAP_LOG_DRIVER)
RAW_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/run-guest

# Loops run a twentieth of their count in `make check`, all of it in `make check-long`, where the
# clock is a real one.
ITERATIONS = 5
CLOCK =
CPUS = 2
AM_TESTS_ENVIRONMENT = ITERATIONS='$(ITERATIONS)'; export ITERATIONS; \
	CLOCK='$(CLOCK)'; export CLOCK; \
	CPUS='$(CPUS)'; export CPUS; \
	QEMU_X86_64='$(QEMU_X86_64)'; export QEMU_X86_64; \
	QEMU_AARCH64='$(QEMU_AARCH64)'; export QEMU_AARCH64; \
	BUSYBOX_AARCH64='$(BUSYBOX_AARCH64)'; export BUSYBOX_AARCH64; \
	MUSL_AARCH64_INCLUDE='$(MUSL_AARCH64_INCLUDE)'; export MUSL_AARCH64_INCLUDE; \
	MUSL_AARCH64_LIB='$(MUSL_AARCH64_LIB)'; export MUSL_AARCH64_LIB; \
	LIBGCC_AARCH64='$(LIBGCC_AARCH64)'; export LIBGCC_AARCH64; \
	CC='$(CC)'; export CC; LLD='$(LLD)'; export LLD; CFLAGS='$(CFLAGS)'; export CFLAGS; \
	DEBUG_CPPFLAGS='$(DEBUG_CPPFLAGS)'; export DEBUG_CPPFLAGS; CTAGS='$(CTAGS)'; export CTAGS; \
	top_srcdir='$(top_srcdir)'; export top_srcdir; \
	top_builddir='$(top_builddir)'; export top_builddir;

# make check-layout SEEDS='1 2 3': the tests that boot, with everything laid out otherwise.
SEEDS = 1 2 3
check-layout: all
	+$(SHELL) $(srcdir)/tests/check-layout $(srcdir) $(LLD) $(SEEDS)
.PHONY: check-layout

# make check-unfix FIXES='first_run_once': is each fix of a race seen to be needed?
FIXES =
check-unfix: all
	+$(SHELL) $(srcdir)/tests/check-unfix $(srcdir) $(FIXES)
.PHONY: check-unfix

# make check-long: all of these, in release and debug builds, at full length, with up to 8 CPUs.
check-long: all
	+$(SHELL) $(srcdir)/tests/check-long $(srcdir)
CLEANFILES += check-long-*.log
.PHONY: check-long

$(GUEST_TESTS): %.guest: %.c $(NATIVE_NEEDS) $(TEST_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) -I$(srcdir) -I$(srcdir)/tests/guest/x86_64 \
		$(DEBUG_CPPFLAGS) $< -o $@

$(SMP_TESTS): tests/smp/%: tests/guest/%
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $< $@

$(AARCH64_SMP_TESTS): tests/aarch64/smp/%: tests/aarch64/%
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $< $@

$(AARCH64_GUEST_TESTS): tests/aarch64/%.guest: tests/guest/%.c $(NATIVE_NEEDS_AARCH64) $(TEST_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC_AARCH64) -I$(srcdir) -I$(srcdir)/tests/guest/aarch64 \
		$(DEBUG_CPPFLAGS) $< -o $@

$(RAW_TESTS): %.raw: %.c $(ABI_H) $(TEST_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(X86_64_CPPFLAGS) -I$(srcdir)/tests/guest/x86_64 $(X86_64_CFLAGS) \
		-fno-pic $(CFLAGS) -c $< -o $@.o && \
		$(LLD) -static -nostdlib -z max-page-size=4096 -e start -o $@ $@.o && rm $@.o

$(AARCH64_OWN_RAW_TESTS): tests/aarch64/%.raw: tests/guest/aarch64/%.c
$(AARCH64_RAW_TESTS): tests/aarch64/%.raw: tests/guest/%.c
$(AARCH64_RAW_TESTS) $(AARCH64_OWN_RAW_TESTS): $(ABI_H) $(AARCH64_MACHINE_H) $(TEST_H)
$(AARCH64_RAW_TESTS) $(AARCH64_OWN_RAW_TESTS):
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(AARCH64_CPPFLAGS) -I$(srcdir)/tests/guest/aarch64 $(AARCH64_CFLAGS) \
		-fno-pic $(CFLAGS) -c $< -o $@.o && \
		$(LLD) -static -nostdlib -z max-page-size=4096 -e start -o $@ $@.o && rm $@.o

tests/guest/registers_survive_at_1000_hz.raw tests/aarch64/registers_survive_at_1000_hz.raw: \
	tests/guest/registers_survive_between_envs.c

# The kernels that play the other side of chitin-run.
check_DATA = tests/tools/kernel.elf bench/exo.raw bench/cpus.raw
CLEANFILES += tests/tools/kernel.elf tests/tools/kernel_aarch64.elf
if HAVE_AARCH64
check_DATA += $(AARCH64_GUEST_TESTS) $(AARCH64_RAW_TESTS) tests/tools/kernel_aarch64.elf \
	aarch64/apps/roulette aarch64/apps/ps aarch64/apps/vmstat aarch64/bench/exo.raw \
	aarch64/bench/cpus.raw
endif
tests/tools/kernel.elf: tests/tools/kernel.S
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(X86_64_TARGET) -g -c $(srcdir)/tests/tools/kernel.S -o $@.o && \
		$(LLD) -static -nostdlib --image-base=0x100000 -Ttext=0x200000 -e start -o $@ $@.o && \
		rm $@.o
tests/tools/kernel_aarch64.elf: tests/tools/kernel_aarch64.S
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(AARCH64_TARGET) -g -c $(srcdir)/tests/tools/kernel_aarch64.S -o $@.o && \
		$(LLD) -static -nostdlib --image-base=0x40100000 -Ttext=0x40200000 -e start \
			-o $@ $@.o && rm $@.o

# Kernels and libraries whose functions and data are in another order, and what they are to run:
# for tests/tools/layout_independent.sh.
LAYOUT_TESTS = tests/guest/child_ends_first.guest tests/guest/cow_two_addresses.guest \
	tests/guest/faults_reach_their_handler.guest tests/guest/fork_inherits.guest
LAYOUT_X86_64 = tests/tools/layout/exo-x86_64.elf tests/tools/layout/libos.elf
LAYOUT_AARCH64 = tests/tools/layout/exo-aarch64.img tests/tools/layout/aarch64/libos.elf
LAYOUT_SHUFFLE = --shuffle-sections='*=7'
check_DATA += $(LAYOUT_X86_64) $(LAYOUT_TESTS)
if HAVE_AARCH64
check_DATA += $(LAYOUT_AARCH64)
endif
CLEANFILES += $(LAYOUT_X86_64) $(LAYOUT_AARCH64) tests/tools/layout/exo-aarch64.elf
tests/tools/layout/exo-x86_64.elf: exo-x86_64.elf
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(exo_x86_64_elf_LINK) $(LAYOUT_SHUFFLE) $(exo_x86_64_elf_OBJECTS)
tests/tools/layout/libos.elf: libos.elf
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(libos_elf_LINK) $(LAYOUT_SHUFFLE) $(libos_elf_LDADD)
tests/tools/layout/exo-aarch64.elf: exo-aarch64.elf
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(exo_aarch64_elf_LINK) $(LAYOUT_SHUFFLE) $(exo_aarch64_elf_OBJECTS) \
		$(exo_aarch64_elf_LDADD)
tests/tools/layout/exo-aarch64.img: tests/tools/layout/exo-aarch64.elf
	$(AM_V_GEN)$(OBJCOPY) -O binary tests/tools/layout/exo-aarch64.elf $@
tests/tools/layout/aarch64/libos.elf: aarch64/libos.elf
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(aarch64_libos_elf_LINK) $(LAYOUT_SHUFFLE) $(aarch64_libos_elf_LDADD)

# make debug-NAME: tests/guest/NAME.guest, stopped at the start, under a debugger.
debug-%:
	$(MAKE) $(AM_MAKEFLAGS) tests/guest/$*.guest
	$(MAKE) $(AM_MAKEFLAGS) gdb PROGRAM=tests/guest/$*.guest
