/** Factorials and Fibonacci numbers of thousands of digits, by hand: carries, and division by what fits a word. */
#include "fold.h"

enum { WORDS = 512 };

static uint32_t product[WORDS], last[WORDS], next[WORDS];

static void multiply(uint32_t *number, uint32_t by) {
  uint64_t carry = 0;
  for (int i = 0; i < WORDS; i++) {
    carry += (uint64_t)number[i] * by;
    number[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

static uint32_t divide(uint32_t *number, uint32_t by) {
  uint64_t rest = 0;
  for (int i = WORDS - 1; i >= 0; i--) {
    rest = rest << 32 | number[i];
    number[i] = (uint32_t)(rest / by);
    rest %= by;
  }
  return (uint32_t)rest;
}

static void add(uint32_t *to, const uint32_t *from) {
  uint64_t carry = 0;
  for (int i = 0; i < WORDS; i++) {
    carry += (uint64_t)to[i] + from[i];
    to[i] = (uint32_t)carry;
    carry >>= 32;
  }
}

GRID_KERNEL int run(void) {
  product[0] = 1;
  for (uint32_t n = 2; n <= 1200; n++) {
    multiply(product, n);
    if (n % 100 == 0) {
      for (int i = 0; i < WORDS; i++) fold(product[i]);
      checkpoint();
    }
  }
  for (int digits = 0; digits < 900; digits++) fold(divide(product, 10));
  checkpoint();
  last[0] = next[0] = 1;
  for (int n = 0; n < 2000; n++) {
    add(last, next);
    add(next, last);
    fold(next[n % 64]);
  }
  checkpoint();
  return GRID_DONE;
}
