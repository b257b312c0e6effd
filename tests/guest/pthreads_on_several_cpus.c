/* SPDX-License-Identifier: ISC */
/*
 * Threads that run at the same time, if there are CPUs for them: hand-overs by looking alone,
 * counts under locks, queues, barriers; fork while others write, of which the child must see no
 * later write without the earlier ones; mappings that change under others; signals to threads that
 * spin, stop and go on; exec, exit and death amid it all. Says only what is the same whoever runs
 * when.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "tests/same.h"

enum {
	ROUNDS = 3000, WORKERS = 4, COUNTS = 3000, ITEMS = 3000, PHASES = 200, FORKS = 40,
	PAGE = 4096, REMAPS = 150, SIGNALS = 50, KILLS = 6,
	AREAS = 2, PAGES = 25, APART = 20 * PAGE, DENSE = 200, SPARSE = AREAS * PAGES,
	CELLS = SPARSE + DENSE,
};

static _Atomic long turn, stop, handled, counted;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, drained = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, queue, taken, phase_sum;
static char *self_path;

static pthread_t start(void *(*run)(void *), long argument)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, run, (void *)argument);

	if (error != 0) {
		printf("pthread_create: %s\n", strerror(error));
		exit(1);
	}
	return thread;
}

static void *play(void *me)
{
	long i;

	for (i = 0; i < ROUNDS; i++) {
		while (atomic_load(&turn) % 2 != (long)me)
			;
		atomic_fetch_add(&turn, 1);
	}
	return NULL;
}

/* Each turn needs both: one CPU alone would need a slice for each. */
static void hand_over(void)
{
	pthread_t other = start(play, 1);

	play((void *)0);
	pthread_join(other, NULL);
	say("turns", atomic_load(&turn));
}

static void *count(void *argument)
{
	long i;

	for (i = 0; i < COUNTS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		atomic_fetch_add(&counted, 1);
	}
	return argument;
}

static void *take(void *argument)
{
	long sum = 0, item = 0;

	while (item >= 0) {
		pthread_mutex_lock(&mutex);
		while (queue == 0)
			pthread_cond_wait(&filled, &mutex);
		item = queue;
		if (item > 0)
			queue = 0;
		pthread_cond_signal(&drained);
		pthread_mutex_unlock(&mutex);
		sum += item > 0 ? item : 0;
	}
	pthread_mutex_lock(&mutex);
	taken += sum;
	pthread_mutex_unlock(&mutex);
	return argument;
}

static void *phases(void *argument)
{
	static _Atomic long arrived;
	long i;

	for (i = 1; i <= PHASES; i++) {
		atomic_fetch_add(&arrived, 1);
		pthread_barrier_wait(&barrier);
		if (atomic_load(&arrived) != i * WORKERS)
			atomic_fetch_add(&handled, 1);
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			phase_sum += i;
	}
	return argument;
}

static void all(void *(*run)(void *))
{
	pthread_t threads[WORKERS];
	long i;

	for (i = 0; i < WORKERS; i++)
		threads[i] = start(run, i);
	if (run == take) {
		for (i = 1; i <= ITEMS + 1; i++) {
			pthread_mutex_lock(&mutex);
			while (queue != 0)
				pthread_cond_wait(&drained, &mutex);
			queue = i <= ITEMS ? i : -1;
			pthread_cond_broadcast(&filled);
			pthread_mutex_unlock(&mutex);
		}
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
}

static void wait_for_each_other(void)
{
	all(count);
	say("counted under a lock", counter);
	say("counted", atomic_load(&counted));
	all(take);
	say("taken", taken);
	pthread_barrier_init(&barrier, NULL, WORKERS);
	all(phases);
	say("phases", phase_sum);
	say("too early", atomic_load(&handled));
}

/* ---- Fork while others write ---- */

static char *area[1 + AREAS];
static _Atomic long *copied;

/* Far behind, pages that each are a mapping of their own, from both ends in turn; then some close
 * together. */
static _Atomic long *cell(long n)
{
	long i = n % 2 ? SPARSE - 1 - n / 2 : n / 2;

	if (n >= SPARSE)
		return (_Atomic long *)(area[0] + (n - SPARSE) * PAGE);
	return (_Atomic long *)(area[1 + i / PAGES] + i % PAGES * APART);
}

/* The same number into one page after the other. */
static void *write_all(void *argument)
{
	long value, n;

	for (value = 1; !atomic_load(&stop); value++)
		for (n = 0; n < CELLS; n++)
			atomic_store(cell(n), value);
	return argument;
}

/* What the other has written first, a moment later. */
static void *copy_last(void *argument)
{
	while (!atomic_load(&stop))
		atomic_store(copied, atomic_load(cell(CELLS - 1)));
	return argument;
}

/* In the child: nothing is seen that came after something that is not. */
static int is_cut_well(void)
{
	long n, first = atomic_load(cell(0)), last = atomic_load(cell(CELLS - 1));

	for (n = 1; n < CELLS; n++)
		if (atomic_load(cell(n)) > atomic_load(cell(n - 1)))
			return 0;
	return first - last <= 1 && atomic_load(copied) <= last;
}

/* Memory that fork treats in several ways, in several steps. */
static void make_cells(void)
{
	long n;

	for (n = 0; n <= AREAS; n++) {
		char *hint = n > 0 ? (char *)(0x200000000 + n * 0x40000000) : NULL;

		area[n] = mmap(hint, PAGES * APART, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	for (n = 0; n < SPARSE; n++)
		munmap((char *)cell(n) + PAGE, APART - PAGE);
	copied = (_Atomic long *)(area[0] + DENSE * PAGE);
}

static void fork_amid_writes(void)
{
	pthread_t writer, copier;
	long i, n, good = 0;

	make_cells();
	writer = start(write_all, 0);
	copier = start(copy_last, 0);
	while (atomic_load(copied) == 0)
		;
	for (i = 0; i < FORKS; i++) {
		long before = atomic_load(cell(CELLS - 1));
		pid_t pid = fork();

		if (pid == 0)
			_exit(is_cut_well() ? 7 : 8);
		good += ended(pid) == 7;
		for (n = 0; atomic_load(cell(CELLS - 1)) <= before; n++)
			; /* the writers go on */
	}
	atomic_store(&stop, 1);
	pthread_join(writer, NULL);
	pthread_join(copier, NULL);
	say("forks amid writes, well cut", good);
}

/* ---- Mappings that change ---- */

static _Atomic(_Atomic long *) published;
static _Atomic long wrong;

static void *use_published(void *argument)
{
	long i;

	for (i = 1; i <= REMAPS; i++) {
		_Atomic long *word;

		while (!(word = atomic_load(&published)))
			;
		/* Fresh, though the same address was something else a moment ago. */
		if (atomic_load(word) != i || atomic_load(word + 1) != 0)
			atomic_fetch_add(&wrong, 1);
		atomic_store(word + 1, i);
		atomic_store(&published, NULL);
	}
	return argument;
}

static void map_anew(void)
{
	char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t user = start(use_published, 0);
	long i, refused = 0;

	for (i = 1; i <= REMAPS; i++) {
		_Atomic long *word = (_Atomic long *)at;

		refused += mmap(at, PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED;
		atomic_store(word, i);
		atomic_store(&published, word);
		while (atomic_load(&published))
			;
		refused += atomic_load(word + 1) != i;
		refused += mprotect(at, PAGE, PROT_READ) != 0;
		refused += atomic_load(word) != i;
	}
	pthread_join(user, NULL);
	say("mapped anew, refused", refused);
	say("seen wrong", atomic_load(&wrong));
}

/* ---- Signals, ends ---- */

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

static void *spin(void *shared)
{
	for (;;)
		atomic_fetch_add((_Atomic long *)shared, 1);
	return NULL;
}

static void *spin_until_told(void *argument)
{
	while (!atomic_load(&stop))
		;
	return argument;
}

static void signal_spinning(void)
{
	pthread_t thread;
	long i;

	atomic_store(&stop, 0);
	atomic_store(&handled, 0);
	signal(SIGUSR1, on_signal);
	thread = start(spin_until_told, 0);
	for (i = 1; i <= SIGNALS; i++) {
		pthread_kill(thread, SIGUSR1);
		while (atomic_load(&handled) < i)
			;
	}
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	say("signals handled by one that spins", atomic_load(&handled));
}

static _Atomic long *shared_words(void)
{
	return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A child whose threads count in shared memory. */
static pid_t fork_spinning(_Atomic long *words)
{
	pid_t pid = fork();

	if (pid == 0) {
		start(spin, (long)&words[0]);
		spin(&words[1]);
	}
	while (!atomic_load(&words[0]) || !atomic_load(&words[1]))
		;
	return pid;
}

static void stop_and_kill(void)
{
	_Atomic long *words = shared_words();
	pid_t pid = fork_spinning(words);
	long first, i, still = 0;
	int status;

	kill(pid, SIGSTOP);
	say("stopped", waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	first = atomic_load(&words[0]) + atomic_load(&words[1]);
	for (i = 0; i < 1000000; i++)
		still += atomic_load(&words[0]) + atomic_load(&words[1]) == first;
	say("looks at one that has stopped", still);
	kill(pid, SIGCONT);
	while (atomic_load(&words[0]) + atomic_load(&words[1]) == first)
		;
	say("goes on", 1);
	kill(pid, SIGKILL);
	say("killed", ended(pid));
	for (i = 0; i < KILLS; i++) {
		_Atomic long *fresh = shared_words();
		long goal = 1000 * (i + 1);

		pid = fork();
		if (pid == 0) {
			for (;;) {
				all(count);
				atomic_fetch_add(fresh, 1);
			}
		}
		while (goal--)
			sched_yield();
		kill(pid, SIGKILL);
		say("killed in the middle", ended(pid));
	}
}

static void *execute(void *argument)
{
	char *argv[] = { self_path, "again", NULL };

	execv(self_path, argv);
	say("execv", -1);
	return argument;
}

static void *leave(void *argument)
{
	exit((int)(long)argument);
}

/* From another thread than the first, which spins. */
static void end_of_all(void *(*how)(void *), const char *what)
{
	_Atomic long *words = shared_words();
	pid_t pid = fork();

	if (pid == 0) {
		start(spin, (long)words);
		while (!atomic_load(words))
			;
		start(how, 5);
		spin(words);
	}
	say(what, ended(pid));
}

int main(int argc, char *argv[])
{
	if (argc > 1) {
		atomic_store(&turn, 0);
		hand_over(); /* threads again, in a new program */
		return 9;
	}
	self_path = argv[0];
	same_begin();
	hand_over();
	wait_for_each_other();
	fork_amid_writes();
	map_anew();
	signal_spinning();
	stop_and_kill();
	end_of_all(leave, "exit of a thread");
	end_of_all(execute, "execution by a thread");
	return 0;
}
