/** Transcendental functions of our own, by reduction of the argument and a series: a library compiled into the module. */
#include "fold.h"

static const double pi_high = 3.141592653589793116, pi_low = 1.2246467991473532e-16;
static const double ln2_high = 0.69314718055994528623, ln2_low = 2.3190468138462996e-17;

static double scale(double x, int by) {
  for (; by > 1000; by -= 1000) x *= 0x1p1000;
  for (; by < -1000; by += 1000) x *= 0x1p-1000;
  const uint64_t bits = (uint64_t)(1023 + by) << 52;
  double factor;
  __builtin_memcpy(&factor, &bits, sizeof factor);
  return x * factor;
}

static double exponential(double x) {
  const double turns = __builtin_rint(x / ln2_high);
  const double rest = (x - turns * ln2_high) - turns * ln2_low;
  double sum = 1;
  for (int n = 20; n > 0; n--) sum = 1 + rest / n * sum;
  return scale(sum, (int)turns);
}

static double logarithm(double x) {
  uint64_t bits = bits_of(x);
  int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
  bits = (bits & 0xfffffffffffffu) | 0x3ff0000000000000u;
  double m;
  __builtin_memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) m /= 2, exponent++;
  const double t = (m - 1) / (m + 1), square = t * t;
  double sum = 0;
  for (int n = 41; n > 0; n -= 2) sum = sum * square + 1.0 / n;
  return 2 * t * sum + exponent * ln2_low + exponent * ln2_high;
}

static double sine(double x) {
  const double turns = __builtin_rint(x / pi_high);
  const double rest = (x - turns * pi_high) - turns * pi_low;
  const double square = rest * rest;
  double sum = 1;
  for (int n = 26; n > 0; n -= 2) sum = 1 - square / (n * (n + 1.0)) * sum;
  return (int64_t)turns % 2 == 0 ? rest * sum : -rest * sum;
}

static double arc_tangent(double x) {
  int halvings = 0;
  while (__builtin_fabs(x) > 0.1) {
    x = x / (1 + __builtin_sqrt(1 + x * x));
    halvings++;
  }
  const double square = x * x;
  double sum = 0;
  for (int n = 25; n > 0; n -= 2) sum = 1.0 / n - square * sum;
  return scale(x * sum, halvings);
}

GRID_KERNEL int run(void) {
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 1500; i++) {
      const double x = noise_double() * (round + 1) * 20;
      fold_double(exponential(x));
      fold_double(logarithm(__builtin_fabs(x) + 0x1p-60));
      fold_double(sine(x * 10));
      fold_double(sine(x + pi_high / 2) / sine(x));
      fold_double(arc_tangent(x * x * x));
      fold_double(exponential(0.3 * logarithm(1 + x * x)));
    }
    checkpoint();
  }
  return GRID_DONE;
}
