/** Ends as its first argument says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int depth(int n) {
  volatile char block[64];
  block[n & 63] = (char)n;
  return n == 0 ? 0 : depth(n - 1) + block[n & 63] + 1;
}

/** Seen from outside, so that the compiler does not leave out what is never read. */
char *volatile last;

static void grow_without_end(void) {
  for (size_t held = 0;; held += 1 << 20) {
    char *more = last = malloc(1 << 20);
    if (more == NULL) {
      printf("%zu MiB\n", held >> 20);
      exit(0);
    }
    memset(more, 1, 1 << 20);
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "";
  printf("said before ");
  if (strcmp(how, "return") == 0) return 7;
  if (strcmp(how, "exit") == 0) {
    fflush(stdout);
    exit(0);
  }
  if (strcmp(how, "fail") == 0) {
    fprintf(stderr, "no such thing as %s\n", argc > 2 ? argv[2] : "nothing");
    exit(3);
  }
  if (strcmp(how, "talk") == 0) {
    for (int i = 0; i < 10000; i++) fprintf(stderr, "line %d of many\n", i);
    return -1;
  }
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "loop") == 0)
    for (volatile int i = 0;; i++) {
    }
  if (strcmp(how, "recurse") == 0) return depth(1 << 30);
  if (strcmp(how, "grow") == 0) grow_without_end();
  if (strcmp(how, "flood") == 0)
    for (;;) puts("and again");
  return 0;
}
