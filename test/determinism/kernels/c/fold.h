/** Folds what a kernel computes into one number, so that any bit that differs on the way shows in the result. */
#ifndef FOLD_H
#define FOLD_H

#include <manyhands.h>

static uint64_t folded = 0x243f6a8885a308d3u;

static inline void fold(uint64_t value) {
  folded = (folded ^ value) * 0xff51afd7ed558ccdu;
  folded ^= folded >> 32;
}

static inline uint64_t bits_of(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline uint32_t bits_of_single(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline void fold_double(double value) { fold(bits_of(value)); }
static inline void fold_single(float value) { fold(bits_of_single(value)); }

/** Writes what came so far. Several times in a kernel: the first one that differs tells where to look. */
static inline void checkpoint(void) { grid_output_write(&folded, sizeof folded); }

static uint64_t noise_state = 0x9e3779b97f4a7c15u;

/** Numbers without a pattern; a multiplicative congruence, upper half first. */
static inline uint64_t noise(void) {
  noise_state = noise_state * 6364136223846793005u + 1442695040888963407u;
  return noise_state ^ (noise_state >> 29);
}

/** From -1 up to 1. */
static inline double noise_double(void) { return (double)(int64_t)noise() * 0x1p-63; }

#endif
