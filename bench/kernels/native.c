/* Runs a kernel natively: reads how much, one number a line, and answers with nanoseconds of the processor and the
   checksum. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

unsigned work(unsigned n);

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

int main(void) {
  unsigned n;
  while (scanf("%u", &n) == 1) {
    long long from = now();
    unsigned checksum = work(n);
    printf("%lld %u\n", now() - from, checksum);
    fflush(stdout);
  }
  return 0;
}
