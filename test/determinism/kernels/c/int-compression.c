/** A text is packed by references to what stood before, and unpacked again with copies that overlap. */
#include "fold.h"

enum { SIZE = 60000, WINDOW = 1 << 12 };

static unsigned char text[SIZE], unpacked[SIZE + 300];
static unsigned char packed[2 * SIZE];
static int32_t newest[1 << 12];

static void write_text(void) {
  static const char *words[] = {"many ", "hands ", "make ", "light ", "work, ", "and ", "no ", "one "};
  size_t at = 0;
  while (at < SIZE) {
    const char *word = words[noise() % 8];
    while (*word != 0 && at < SIZE) text[at++] = (unsigned char)*word++;
    if (noise() % 50 == 0 && at < SIZE) text[at++] = (unsigned char)noise();
  }
}

static size_t pack(void) {
  size_t out = 0;
  for (int i = 0; i < 1 << 12; i++) newest[i] = -1;
  for (size_t at = 0; at < SIZE;) {
    size_t length = 0, distance = 0;
    if (at + 4 <= SIZE) {
      uint32_t four;
      __builtin_memcpy(&four, text + at, 4);
      int32_t *slot = &newest[four * 2654435761u >> 20];
      if (*slot >= 0 && at - (size_t)*slot < WINDOW) {
        distance = at - (size_t)*slot;
        while (length < 255 && at + length < SIZE && text[at + length] == text[at + length - distance])
          length++;
      }
      *slot = (int32_t)at;
    }
    if (length >= 4) {
      packed[out++] = (unsigned char)length;
      packed[out++] = (unsigned char)distance;
      packed[out++] = (unsigned char)(distance >> 8);
      at += length;
    } else {
      packed[out++] = 0;
      packed[out++] = text[at++];
    }
  }
  return out;
}

static size_t unpack(size_t bytes) {
  size_t out = 0;
  for (size_t at = 0; at < bytes;) {
    const size_t length = packed[at++];
    if (length == 0) {
      unpacked[out++] = packed[at++];
      continue;
    }
    const size_t distance = packed[at] | (size_t)packed[at + 1] << 8;
    at += 2;
    for (size_t i = 0; i < length; i++, out++) unpacked[out] = unpacked[out - distance];
  }
  return out;
}

GRID_KERNEL int run(void) {
  write_text();
  for (int i = 0; i < SIZE; i++) fold(text[i]);
  checkpoint();
  const size_t bytes = pack();
  for (size_t i = 0; i < bytes; i++) fold(packed[i]);
  fold(bytes);
  checkpoint();
  fold(unpack(bytes));
  for (int i = 0; i < SIZE; i++) {
    if (unpacked[i] != text[i]) grid_fail("unpacked to something else");
    fold(unpacked[i]);
  }
  checkpoint();
  return GRID_DONE;
}
