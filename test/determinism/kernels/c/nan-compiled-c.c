/** NaNs as a C compiler lets them out: unions, copies, comparisons of bits, sorting by them. */
#include "fold.h"

typedef union {
  double value;
  uint64_t bits;
  unsigned char bytes[8];
} cell;

static volatile double nothing = 0, endless = 1e308;
static cell cells[64];

static double make(int way, double x) {
  const double infinite = endless * 10;
  switch (way % 10) {
    case 0: return x / nothing * nothing;
    case 1: return infinite - infinite * (x == x ? 1 : 2);
    case 2: return __builtin_sqrt(-1 - x * x);
    case 3: return -(nothing / nothing);
    case 4: return __builtin_copysign(nothing / nothing, x);
    case 5: return (double)(float)(infinite - infinite);
    case 6: return __builtin_nan("0x1234") + x;
    case 7: return x * -__builtin_nan("0x77");
    case 8: return __builtin_fabs(infinite / -infinite);
    default: return (float)x * (__builtin_nanf("0x55") - 1);
  }
}

GRID_KERNEL int run(void) {
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 64; i++) cells[i].value = make(i + round, noise_double());
    for (int i = 0; i < 64; i++) {
      fold(cells[i].bits);
      for (int byte = 0; byte < 8; byte++) fold(cells[i].bytes[byte]);
      fold((uint64_t)(__builtin_signbit(cells[i].value) != 0));
      fold(cells[i].bits > cells[63 - i].bits);
      fold_single((float)cells[i].value);
      const float single = (float)make(i * 7 + round, 1) / 3;
      fold_single(single);
      fold_single(-single);
      fold((uint64_t)(int64_t)__builtin_copysign(3, make(i, 2)));
    }
    if (round % 20 == 0) {
      checkpoint();
      grid_output_write(cells, sizeof cells);
    }
  }
  return GRID_DONE;
}
