/** Down to the smallest numbers and back: machines that flush them to zero would show. */
#include "fold.h"

GRID_KERNEL int run(void) {
  double x = 1.9999999999999998;
  float y = 1.9999999f;
  for (int i = 0; i < 1100; i++) {
    x *= 0.5000000000000001;
    y *= 0.50000006f;
    fold_double(x);
    fold_single(y);
    fold_double(x / 3 + x * 0.7 - x * x);
    fold_single(y / 3 + y * 0.7f - y * y);
    fold_double((double)y * 0x1p-900);
    fold_single((float)x);
    fold_double(__builtin_sqrt(x));
    fold_single(__builtin_sqrtf(y));
    if (i % 100 == 0) checkpoint();
  }
  double least = 0x1p-1074;
  for (int i = 0; i < 1200; i++) {
    least *= 2.0000000000000004;
    fold_double(least);
    fold_double(least * 0x1p-1000);
    fold_double(0x1p-1022 - least);
    fold((uint64_t)(least > 0x1p-1022) + (uint64_t)(least == 0));
  }
  checkpoint();
  for (int i = 0; i < 20000; i++) {
    const uint64_t mantissa = noise() >> 12;
    double small;
    __builtin_memcpy(&small, &mantissa, sizeof small);
    fold_double(small * (1 + noise_double()) + 0x1p-1060);
    fold_double(small / (noise_double() * 0x1p-1023));
    fold_single((float)(small * 0x1p900));
  }
  checkpoint();
  return GRID_DONE;
}
