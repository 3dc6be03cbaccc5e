/* SPDX-License-Identifier: ISC */
/*
 * Runs a harness over files: those that are named, else those of its corpus,
 * tests/fuzz/corpus/NAME for the harness fuzz_NAME.  TAP, a test for each file.
 */
#include <dirent.h>
#include <errno.h>

#include "tests/fuzz/fuzz.h"

enum { FILE_MAX = 1 << 20 };

static unsigned tests;

static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(FILE_MAX);
	size_t n;

	if (!f || !bytes) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(99);
	}
	n = fread(bytes, 1, FILE_MAX, f);
	fclose(f);
	/* Room of just that size: a sanitizer sees a read past its end. */
	bytes = realloc(bytes, n ? n : 1);
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	printf("ok %u - %s\n", ++tests, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
	fflush(stdout);
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
replay_folder(const char *dir)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, visible, by_name);

	if (n <= 0) {
		printf("Bail out! %s: nothing to replay\n", dir);
		exit(99);
	}
	for (int i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		replay_file(path);
		free(entry[i]);
	}
	free(entry);
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/'), *src = getenv("TG_SRCDIR");
	char dir[4096];

	name = name ? name + 1 : argv[0];
	if (argc < 2) {
		snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", src ? src : ".",
		    !strncmp(name, "fuzz_", 5) ? name + 5 : name);
		replay_folder(dir);
	}
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);

		if (d)
			replay_folder(argv[i]);
		else
			replay_file(argv[i]);
		if (d)
			closedir(d);
	}
	printf("1..%u\n", tests);
	return 0;
}
