/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --hz 1000
 * As registers_survive_between_envs, with longer slices and in real time.
 */
#include "tests/guest/registers_survive_between_envs.c"
