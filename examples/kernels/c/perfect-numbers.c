/**
 * Perfect numbers: those that are the sum of their proper divisors. A kernel for the grid, without a C library.
 *
 * Input: a range of numbers. Output: the perfect ones among them, 8 bytes each.
 */
#include <manyhands.h>

static int64_t sum_of_divisors(int64_t n) {
  int64_t sum = n > 1 ? 1 : 0;
  for (int64_t d = 2; d * d <= n; d++) {
    if (n % d != 0) continue;
    sum += d;
    if (d != n / d) sum += n / d;
  }
  return sum;
}

GRID_KERNEL int run(void) {
  const grid_range range = grid_read_range();
  for (int64_t n = range.start; n < range.end; n++) {
    if ((n & 255) == 0)
      grid_progress((double)(n - range.start) / (double)(range.end - range.start));
    if (n < 2 || sum_of_divisors(n) != n) continue;
    grid_output_write(&n, sizeof n);
  }
  return GRID_DONE;
}
