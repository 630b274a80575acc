/* Product of two matrices of `n` by `n` doubles, 384 at most, `n` a multiple of 4; the checksum adds up its bits. */
#include "work.h"

#define MOST 384
static double a[MOST * MOST], b[MOST * MOST], product[MOST * MOST];

/* Two rows by four columns at a time: the sums stay in registers. */
static void multiply_tile(u32 n, const double *rows, const double *columns, double *out) {
  double s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  for (u32 k = 0; k < n; k++) {
    const double *c = columns + k * n;
    double x = rows[k], y = rows[k + n];
    s00 += x * c[0], s01 += x * c[1], s02 += x * c[2], s03 += x * c[3];
    s10 += y * c[0], s11 += y * c[1], s12 += y * c[2], s13 += y * c[3];
  }
  out[0] = s00, out[1] = s01, out[2] = s02, out[3] = s03;
  out[n] = s10, out[n + 1] = s11, out[n + 2] = s12, out[n + 3] = s13;
}

static void multiply_rows(u32 n, u32 row) {
  for (u32 j = 0; j < n; j += 4) multiply_tile(n, a + row * n, b + j, product + row * n + j);
}

u32 work(u32 n) {
  for (u32 i = 0; i < n * n; i++) {
    a[i] = (double)(i % 17) / 16;
    b[i] = (double)(i % 23) / 32;
  }
  for (u32 i = 0; i < n; i += 2) multiply_rows(n, i);
  u32 sum = 0;
  for (u32 i = 0; i < n * n; i++) {
    union { double value; u64 bits; } cell = {product[i]};
    sum = sum * 31 + (u32)(cell.bits >> 32) + (u32)cell.bits;
  }
  return sum;
}
