/** An ordinary program: arguments, a heap, sorting, text, chance and time, as WASI gives them. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  char chance[64];
  if (getentropy(chance, sizeof chance) != 0) return 1;
  uint64_t state;
  memcpy(&state, chance, sizeof state);
  enum { LINES = 400 };
  char **lines = malloc(LINES * sizeof *lines);
  for (int i = 0; i < LINES; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    lines[i] = malloc(8 + state % 40);
    sprintf(lines[i], "%.*llx", (int)(state >> 60) + 1, (unsigned long long)(state >> 20));
  }
  qsort(lines, LINES, sizeof *lines, by_text);
  for (int i = 0; i < LINES; i++) {
    printf("%s%c", lines[i], i % 8 == 7 ? '\n' : ' ');
    if (i % 3 == 0) free(lines[i]);
  }
  printf("time %lld\n", (long long)time(NULL));
  int letter, count = 0;
  while ((letter = getchar()) != EOF) count += letter;
  printf("input %d\n", count);
  FILE *file = fopen("/etc/passwd", "r");
  printf("file %d\n", file == NULL ? errno : -1);
  void *large = malloc(1u << 30);
  printf("large %d\n", large != NULL);
  fprintf(stderr, "all done\n");
  return 0;
}
