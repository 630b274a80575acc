/** Queens that do not threaten each other, on boards of up to nine, and every solution's squares. */
#include "fold.h"

static int place(int n, uint32_t columns, uint32_t left, uint32_t right, uint64_t path) {
  if (columns == (1u << n) - 1) {
    fold(path);
    return 1;
  }
  int found = 0;
  for (uint32_t free = ((1u << n) - 1) & ~(columns | left | right); free != 0; free &= free - 1) {
    const uint32_t square = free & -free;
    found += place(n, columns | square, (left | square) << 1, (right | square) >> 1, path * 11 + square);
  }
  return found;
}

GRID_KERNEL int run(void) {
  for (int n = 1; n <= 9; n++) {
    fold((uint64_t)place(n, 0, 0, 0, 0));
    checkpoint();
  }
  return GRID_DONE;
}
