/** Integers of every width: wrapping, shifting, rotating, widening. */
#include "fold.h"

static uint32_t rotate(uint32_t x, unsigned by) { return (x << (by & 31)) | (x >> (-by & 31)); }

/** The upper 64 bits of a product. */
static uint64_t high_half(uint64_t a, uint64_t b) {
  const uint64_t low = 0xffffffffu;
  const uint64_t middle = (a >> 32) * (b & low) + ((a & low) * (b & low) >> 32);
  const uint64_t other = (a & low) * (b >> 32) + (middle & low);
  return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

GRID_KERNEL int run(void) {
  for (int round = 0; round < 16; round++) {
    for (int i = 0; i < 4000; i++) {
      const uint64_t a = noise(), b = noise();
      const int8_t small = (int8_t)a;
      const int16_t half = (int16_t)(a >> 16);
      const int32_t word = (int32_t)(b >> 7);
      fold((uint64_t)((int64_t)small * half - word));
      fold(a * b + (a >> (b & 63)) - (b << (a & 63)));
      fold(rotate((uint32_t)a, (unsigned)b) ^ rotate((uint32_t)b, (unsigned)a));
      fold((uint64_t)((int64_t)a >> (i & 63)) + (uint64_t)(word >> (i & 31)));
      fold((uint64_t)__builtin_popcountll(a) << 32 | (uint64_t)__builtin_clzll(b | 1) << 8 |
           (uint64_t)__builtin_ctzll(a | 1u << 31));
      fold(high_half(a, b));
    }
    checkpoint();
  }
  return GRID_DONE;
}
