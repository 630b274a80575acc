/** Products and powers of matrices of doubles and of floats; sums in one order only, or they would differ. */
#include "fold.h"

enum { N = 40 };

static double a[N][N], b[N][N], c[N][N];
static float f[N][N], g[N][N], h[N][N];

GRID_KERNEL int run(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = noise_double();
      b[i][j] = noise_double() / 3;
      f[i][j] = (float)noise_double();
      g[i][j] = (float)noise_double() / 3;
    }
  }
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        double sum = 0;
        float single = 0;
        for (int k = 0; k < N; k++) {
          sum += a[i][k] * b[k][j];
          single += f[i][k] * g[k][j];
        }
        c[i][j] = sum;
        h[i][j] = single;
      }
    }
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        fold_double(c[i][j]);
        fold_single(h[i][j]);
        a[i][j] = c[i][j] - b[j][i] / (1 + round);
        f[i][j] = h[i][j] - g[j][i] / (float)(1 + round);
      }
    }
    checkpoint();
  }
  return GRID_DONE;
}
