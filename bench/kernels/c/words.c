/* Different words among `n` bytes of made-up text, at most 2^22, by an open hash table. */
#include "work.h"

#define BYTES (1 << 22)
#define SLOTS (1 << 17)
static u8 text[BYTES];
static struct { u32 hash, from, length, count; } table[SLOTS];

static u32 same(u32 a, u32 b, u32 length) {
  for (u32 i = 0; i < length; i++)
    if (text[a + i] != text[b + i]) return 0;
  return 1;
}

static u32 add(u32 from, u32 length, u32 hash) {
  for (u32 slot = hash % SLOTS;; slot = (slot + 1) % SLOTS) {
    if (table[slot].length == 0) {
      table[slot].hash = hash, table[slot].from = from, table[slot].length = length;
      table[slot].count = 1;
      return 1;
    }
    if (table[slot].hash == hash && table[slot].length == length &&
        same(table[slot].from, from, length)) {
      table[slot].count++;
      return 0;
    }
  }
}

u32 work(u32 n) {
  u32 seed = 1;
  for (u32 i = 0; i < n; i++) {
    seed = seed * 1103515245 + 12345;
    u32 draw = seed >> 16;
    text[i] = draw % 5 == 0 ? ' ' : 'a' + (draw >> 4) % 7;
  }
  for (u32 i = 0; i < SLOTS; i++) table[i].length = 0;
  u32 different = 0;
  for (u32 i = 0; i < n;) {
    while (i < n && text[i] == ' ') i++;
    u32 from = i, hash = 2166136261u;
    while (i < n && text[i] != ' ') hash = (hash ^ text[i++]) * 16777619u;
    if (i > from) different += add(from, i - from, hash);
  }
  return different;
}
