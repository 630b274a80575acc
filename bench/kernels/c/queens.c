/* Ways to place `n` queens on a board of `n` by `n`, by recursion over rows. */
#include "work.h"

static u32 place(u32 all, u32 columns, u32 left, u32 right) {
  if (columns == all) return 1;
  u32 count = 0;
  u32 free = all & ~(columns | left | right);
  while (free != 0) {
    u32 queen = free & -free;
    free ^= queen;
    count += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return count;
}

u32 work(u32 n) { return place((1u << n) - 1, 0, 0, 0); }
