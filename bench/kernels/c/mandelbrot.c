/* Turns of the Mandelbrot iteration, summed over a picture of `n` by `n` points; at most 256 a point. */
#include "work.h"

static u32 turns(double x0, double y0) {
  double x = 0, y = 0;
  u32 count = 0;
  while (count < 256) {
    double xx = x * x, yy = y * y;
    if (xx + yy > 4) break;
    y = 2 * x * y + y0;
    x = xx - yy + x0;
    count++;
  }
  return count;
}

u32 work(u32 n) {
  u32 sum = 0;
  for (u32 row = 0; row < n; row++)
    for (u32 column = 0; column < n; column++)
      sum += turns(-2 + 3.0 * column / n, -1.5 + 3.0 * row / n);
  return sum;
}
