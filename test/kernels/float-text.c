/** What a C library does with floating point: reads numbers from stdin, prints them and what its libm makes of them. */
#include <math.h>
#include <stdio.h>

int main(void) {
  double x;
  while (scanf("%lf", &x) == 1) {
    printf("%g %.17g %e %a|", x, x, x, x);
    printf("%.17g %.17g %.17g %.17g\n", sin(x), exp(x), log(x), pow(x, 0.3));
  }
  return 0;
}
