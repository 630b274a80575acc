/** Loops that the compiler turns into vectors: sums of products, thresholds, minima, text. */
#include "fold.h"

enum { N = 4096 };

static float x[N], y[N];
static double a[N], b[N];
static int16_t samples[N];
static uint8_t letters[N];

GRID_KERNEL int run(void) {
  for (int i = 0; i < N; i++) {
    x[i] = (float)noise_double();
    y[i] = (float)noise_double();
    a[i] = noise_double();
    b[i] = noise_double() * 100;
    samples[i] = (int16_t)noise();
    letters[i] = (uint8_t)noise();
  }
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < N; i++) y[i] = 0.99f * x[i] * y[i] + 0.3f / (1.5f + x[i]);
    for (int i = 0; i < N; i++) a[i] = __builtin_sqrt(a[i] * a[i] + 0.5) - b[i] * 0.001;
    for (int i = 0; i < N; i++) x[i] = x[i] > y[i] ? x[i] : -y[i];
    for (int i = 0; i < N; i++) samples[i] = (int16_t)(samples[i] * 3 + (letters[i] >> 1));
    for (int i = 0; i < N; i++) letters[i] = letters[i] < 'a' ? letters[i] + 32 : letters[i] ^ 0x55;
    int32_t sum = 0;
    uint8_t most = 0;
    for (int i = 0; i < N; i++) sum += samples[i];
    for (int i = 0; i < N; i++) most = letters[i] > most ? letters[i] : most;
    fold((uint64_t)sum);
    fold(most);
    for (int i = 0; i < N; i += 7) {
      fold_single(x[i]);
      fold_single(y[i]);
      fold_double(a[i]);
      fold((uint64_t)(int32_t)(b[i] * a[i]));
    }
    checkpoint();
  }
  return GRID_DONE;
}
