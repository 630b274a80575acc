/* Runs a kernel natively: reads how much, one number a line, and answers with nanoseconds and the checksum. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>

unsigned work(unsigned n);

int main(void) {
  unsigned n;
  while (scanf("%u", &n) == 1) {
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    unsigned checksum = work(n);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%lld %u\n", (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec),
           checksum);
    fflush(stdout);
  }
  return 0;
}
