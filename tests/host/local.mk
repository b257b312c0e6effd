# SPDX-License-Identifier: ISC
# Tests of the kernel on the simulated machine: tests/host/NAME.c, linked with liblab.a.
KERNEL_TESTS = \
	tests/host/exit_with_a_doorbell.tap \
	tests/host/last_sharer_writes.tap \
	tests/host/read_only_share_gives_no_write.tap \
	tests/host/slot_alloc.tap \
	tests/host/slot_copy.tap \
	tests/host/slot_in_registers.tap \
	tests/host/slot_op_form.tap \
	tests/host/write_access_of_a_branch_stays_off.tap \
	tests/host/write_below_shared_table_is_frozen.tap \
	tests/host/boot_takes_good_programs_only.tap \
	tests/host/counts_at_their_limit.tap \
	tests/host/upcalls_and_resume.tap \
	tests/host/out_of_memory_everywhere.tap \
	tests/host/everything_comes_back.tap \
	tests/host/call_wait_wake.tap \
	tests/host/call_vcpu.tap \
	tests/host/call_slice_yield_timer.tap \
	tests/host/call_env.tap \
	tests/host/call_console.tap \
	tests/host/call_account.tap \
	tests/host/audit_names_what_is_broken.tap \
	tests/host/boot_pages_stay_read_only.tap \
	tests/host/charge_follows_claim.tap \
	tests/host/contexts_move_between_cpus.tap \
	tests/host/announced_when_complete.tap \
	tests/host/contexts_have_one_owner.tap \
	tests/host/counts_agree_under_load.tap \
	tests/host/exit_releases_who_waits.tap \
	tests/host/programs_start_at_once.tap \
	tests/host/queues_hold_who_waits.tap \
	tests/host/no_wake_is_lost.tap \
	tests/host/nothing_outlives_its_vcpu.tap \
	tests/host/one_claimer_wins.tap \
	tests/host/drops_wait_for_the_flush.tap \
	tests/host/late_wakes_hit_nobody.tap \
	tests/host/freed_table_leaves_the_view.tap \
	tests/host/free_frames_are_found.tap \
	tests/host/dropped_page_wakes_its_cpu.tap \
	tests/host/full_while_another_drains.tap \
	tests/host/idle_cpu_gives_way.tap \
	tests/host/payload_is_never_a_leaf.tap \
	tests/host/no_cpu_sees_freed_frames.tap \
	tests/host/progress_with_a_late_event.tap \
	tests/host/shoot_brings_no_event.tap \
	tests/host/slot_claim.tap \
	tests/host/slot_clear.tap \
	tests/host/slot_common.tap \
	tests/host/slot_dup.tap \
	tests/host/slot_move.tap \
	tests/host/slot_protect.tap \
	tests/host/slot_reserve.tap \
	tests/host/slot_share_unshare.tap \
	tests/host/slot_table.tap \
	tests/host/slots_batch.tap \
	tests/host/vcpu_is_its_claimants_alone.tap \
	tests/host/two_unshares_at_once.tap

check_PROGRAMS += $(KERNEL_TESTS)
TESTS += $(KERNEL_TESTS)
