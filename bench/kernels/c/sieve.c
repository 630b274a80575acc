/* Primes below `n`, at most 2^24, by Eratosthenes. */
#include "work.h"

static u8 composite[1 << 24];

u32 work(u32 n) {
  for (u32 i = 0; i < n; i++) composite[i] = 0;
  u32 count = 0;
  for (u32 i = 2; i < n; i++) {
    if (composite[i]) continue;
    count++;
    for (u64 j = (u64)i * i; j < n; j += i) composite[j] = 1;
  }
  return count;
}
