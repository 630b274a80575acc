/** The C library's own libm, linked into a WASI command, and its way from numbers to text and back. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long long state = 88172645463325252u;

static double noise(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (double)(long long)state * 0x1p-63;
}

static const struct {
  const char *name;
  double (*call)(double);
} functions[] = {
    {"sin", sin},     {"cos", cos},     {"tan", tan},     {"asin", asin},   {"acos", acos},
    {"atan", atan},   {"sinh", sinh},   {"cosh", cosh},   {"tanh", tanh},   {"asinh", asinh},
    {"acosh", acosh}, {"atanh", atanh}, {"exp", exp},     {"exp2", exp2},   {"expm1", expm1},
    {"log", log},     {"log2", log2},   {"log10", log10}, {"log1p", log1p}, {"cbrt", cbrt},
    {"erf", erf},     {"erfc", erfc},   {"tgamma", tgamma}, {"lgamma", lgamma}, {"j0", j0},
};

int main(int argc, char **argv) {
  const int count = argc > 1 ? atoi(argv[1]) : 10;
  for (size_t f = 0; f < sizeof functions / sizeof *functions; f++) {
    printf("%s", functions[f].name);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      const double x = noise() * (i % 4 == 0 ? 1000 : 1 + i % 5), y = functions[f].call(x);
      if (isfinite(y)) sum += y;
      printf(" %a", y);
    }
    printf(" %.17g\n", sum);
  }
  for (int i = 0; i < count; i++) {
    const double x = fabs(noise()) * 30, y = noise() * 30;
    char text[64];
    snprintf(text, sizeof text, "%.*g", i % 17 + 1, pow(x, y));
    printf("%s %a %a %a %g %f\n", text, strtod(text, NULL), atan2(y, x), fmod(y, x), hypot(x, y), y);
    printf("%a %a %a\n", (double)sinf((float)y), (double)powf((float)x, (float)y), (double)expf((float)y));
  }
  return 0;
}
