/* SPDX-License-Identifier: ISC */
/* The first program: says hello to its arguments, or to the world. */
#include <stdio.h>

int main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		printf("hello, world\n");
	for (i = 1; i < argc; i++)
		printf("hello, %s\n", argv[i]);
	return 0;
}
