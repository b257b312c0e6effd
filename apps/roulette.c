/* SPDX-License-Identifier: ISC */
/*
 * roulette [SEED]: a wheel spins; black restarts the machine, red ends the process that spun it
 * and so releases the two that wait for it: its parent in waitpid, its brother at the end of a
 * pipe. The wheel stops at SEED + 7 for each restart of the machine so far, modulo 37: odd
 * pockets are red, even ones and the zero are black. Without SEED the clock chooses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POCKETS = 37, ROUNDS_STEPS = 3 * POCKETS, STEP_NS = 1000000 };

/* Turn the wheel, slower and slower, until it stops at a pocket. */
static void roulette_spin(unsigned pocket)
{
	unsigned left;

	for (left = ROUNDS_STEPS; left > 0; left--) {
		unsigned at = (pocket + left * (POCKETS - 1)) % POCKETS;
		struct timespec wait = { 0, STEP_NS * (1 + (ROUNDS_STEPS - left) / 16) };

		printf("\r %2u %s", at, at % 2 ? "red  " : "black");
		fflush(stdout);
		nanosleep(&wait, NULL);
	}
	printf("\r %2u %s\n", pocket, pocket % 2 ? "red" : "black");
	fflush(stdout);
}

static int roulette_wheel(unsigned pocket)
{
	roulette_spin(pocket);
	if (pocket % 2) {
		printf("you win\n");
		return 0;
	}
	printf("you lose: the machine restarts\n");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	perror("roulette: reboot");
	return 1;
}

/* Wait for the end of the wheel, which alone can write to the pipe. */
static int roulette_brother(int from, unsigned pocket)
{
	const unsigned mine = ~pocket;
	volatile unsigned kept = mine;
	char byte;

	if (read(from, &byte, 1) != 0 || kept != mine)
		return 1;
	printf("released: who waited at the pipe\n");
	return 0;
}

static pid_t roulette_fork(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("roulette: fork");
		exit(2);
	}
	return pid;
}

static unsigned long roulette_seed(int argc, char **argv)
{
	unsigned long seed;
	char *end;

	if (argc < 2)
		return (unsigned long)clock() + (unsigned long)time(NULL);
	seed = strtoul(argv[1], &end, 0);
	if (argc > 2 || end == argv[1] || *end != '\0') {
		fprintf(stderr, "usage: roulette [SEED]: a number; without it the clock chooses\n");
		exit(2);
	}
	return seed;
}

int main(int argc, char **argv)
{
	const char *restarts = getenv("RESTARTS");
	unsigned long turns = restarts ? strtoul(restarts, NULL, 0) : 0;
	unsigned pocket = (unsigned)((roulette_seed(argc, argv) + 7 * turns) % POCKETS);
	int ends[2], status[2] = { 1, 1 };
	pid_t wheel, brother;

	if (pipe(ends) < 0) {
		perror("roulette: pipe");
		return 2;
	}
	brother = roulette_fork();
	if (brother == 0) {
		close(ends[1]);
		exit(roulette_brother(ends[0], pocket));
	}
	wheel = roulette_fork();
	if (wheel == 0)
		exit(roulette_wheel(pocket));
	close(ends[0]);
	close(ends[1]);
	if (waitpid(wheel, &status[0], 0) == wheel && status[0] == 0)
		printf("released: who waited for the process\n");
	fflush(stdout);
	waitpid(brother, &status[1], 0);
	return status[0] != 0 || status[1] != 0;
}
