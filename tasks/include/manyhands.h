/**
 * What the grid gives a kernel that is written in C or C++. Freestanding: it needs no C library.
 *
 *     #include <manyhands.h>
 *
 *     GRID_KERNEL int run(void) {
 *       grid_range range = grid_read_range();
 *       int64_t sum = 0;
 *       for (int64_t n = range.start; n < range.end; n++) sum += n;
 *       grid_output_write(&sum, sizeof sum);
 *       return GRID_DONE;
 *     }
 *
 * Build it with
 *
 *     clang --target=wasm32 -O3 -mbulk-memory -nostdlib -Wl,--no-entry -I node_modules/manyhands/dist/tasks/include
 *       -o sum.wasm sum.c
 *
 * and try it with `manyhands task run sum.wasm --range 0..1000`. docs/kernels.md has the whole story.
 */
#ifndef MANYHANDS_H
#define MANYHANDS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define GRID_C extern "C"
#else
#define GRID_C
#endif

#define GRID_IMPORT(name) __attribute__((import_module("grid"), import_name(name)))

/** Put it before `int run(void)`: the function that the grid calls once for each unit. */
#define GRID_KERNEL GRID_C __attribute__((export_name("run"))) __attribute__((used))

/**
 * Put it before `int check(void)`: says of a result that a host claims whether it is right, where that is cheaper than to
 * compute it. It has the unit's input and parameters as `run` has them, and the result by `grid_result_*`.
 */
#define GRID_CHECK GRID_C __attribute__((export_name("check"))) __attribute__((used))

/** What `check` returns. */
enum { GRID_WRONG = 0, GRID_RIGHT = 1 };

/** What `run` returns: the unit has its result; or it has it, and found what a `first-hit` job looks for. */
enum { GRID_DONE = 0, GRID_HIT = 1 };

/* The functions that the grid offers. */

/** Bytes of the unit's input. */
GRID_IMPORT("input_size") size_t grid_input_size(void);
/** Copies the whole input to where there is room for `grid_input_size()` bytes. */
GRID_IMPORT("input_read") void grid_input_read(void *to);
/** In `check`: bytes of the result that a host claims. In `run` there is none: 0. */
GRID_IMPORT("result_size") size_t grid_result_size(void);
/** Copies the whole claimed result to where there is room for `grid_result_size()` bytes. */
GRID_IMPORT("result_read") void grid_result_read(void *to);
/** Bytes of the job's parameters. */
GRID_IMPORT("params_size") size_t grid_params_size(void);
/** Copies all parameters to where there is room for `grid_params_size()` bytes. */
GRID_IMPORT("params_read") void grid_params_read(void *to);
/** Appends to the unit's result; at most 8 MiB in all. */
GRID_IMPORT("output_write") void grid_output_write(const void *from, size_t bytes);
/** Fills with the unit's random stream: the same on every host, another in each unit. */
GRID_IMPORT("random") void grid_random(void *to, size_t bytes);
/** UTF-8 for whoever debugs with `manyhands task run`; on the grid nobody hears it. */
GRID_IMPORT("log") void grid_log(const char *text, size_t bytes);
/** How much of the unit is done, 0 to 1; for `manyhands task run`, too. */
GRID_IMPORT("progress") void grid_progress(double fraction);

/* Small things on top of them. */

/** Ends the unit as a trap: the program is wrong, and every host will find it so. */
__attribute__((noreturn)) static inline void grid_fail(const char *text) {
  size_t bytes = 0;
  while (text[bytes] != 0) bytes++;
  grid_log(text, bytes);
  __builtin_trap();
}

/** Integers from `start` up to, not including, `end`: the input of a range job's unit. */
typedef struct {
  int64_t start;
  int64_t end;
} grid_range;

static inline grid_range grid_read_range(void) {
  grid_range range = {0, 0};
  if (grid_input_size() != sizeof range) grid_fail("the input is no range");
  grid_input_read(&range);
  return range;
}

/** A number from the unit's random stream, each of 2^64 as likely as the others. */
static inline uint64_t grid_random_u64(void) {
  uint64_t bits;
  grid_random(&bits, sizeof bits);
  return bits;
}

/** A number from 0 up to, not including, 1, in steps of 2^-53. */
static inline double grid_random_fraction(void) {
  return (double)(grid_random_u64() >> 11) * 0x1p-53;
}

extern unsigned char __heap_base;

/**
 * Memory that is never given back: the unit's instance goes with the unit. Aligned to 16 bytes, filled with zeros.
 * Traps when the task's memory is used up. Not beside a C library, whose `malloc` takes the same memory.
 */
static inline void *grid_allocate(size_t bytes) {
  const size_t page = 65536;
  static uintptr_t next = 0;
  if (next == 0) next = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  const uintptr_t from = next;
  const uint64_t end = (((uint64_t)from + bytes + 15) / 16) * 16;
  const uint64_t held = (uint64_t)__builtin_wasm_memory_size(0) * page;
  if (end > held) {
    const uint64_t missing = (end - held + page - 1) / page;
    if (end > UINT32_MAX || __builtin_wasm_memory_grow(0, (size_t)missing) == (size_t)-1)
      grid_fail("out of memory");
  }
  next = (uintptr_t)end;
  return (void *)from;
}

/**
 * Multiplies 128-bit numbers. Compilers call it, also for sums over a loop, and without a C library nobody else has it.
 */
__attribute__((weak)) __int128 __multi3(__int128 a, __int128 b) {
  const uint64_t low_half = 0xffffffff;
  const uint64_t x = (uint64_t)a, y = (uint64_t)b;
  const uint64_t low = (x & low_half) * (y & low_half);
  const uint64_t across = (x >> 32) * (y & low_half) + (low >> 32);
  const uint64_t middle = (x & low_half) * (y >> 32) + (across & low_half);
  uint64_t high = (x >> 32) * (y >> 32) + (across >> 32) + (middle >> 32);
  high += x * (uint64_t)(b >> 64) + (uint64_t)(a >> 64) * y;
  return (__int128)(((unsigned __int128)high << 64) | (middle << 32) | (low & low_half));
}

/** Bytes and where they are. */
typedef struct {
  unsigned char *bytes;
  size_t size;
} grid_bytes;

/** The unit's input, in memory of its own, with a zero behind it, so that text can be read as such. */
static inline grid_bytes grid_read_input(void) {
  grid_bytes input = {0, grid_input_size()};
  input.bytes = (unsigned char *)grid_allocate(input.size + 1);
  grid_input_read(input.bytes);
  return input;
}

/** The job's parameters, likewise. */
static inline grid_bytes grid_read_params(void) {
  grid_bytes params = {0, grid_params_size()};
  params.bytes = (unsigned char *)grid_allocate(params.size + 1);
  grid_params_read(params.bytes);
  return params;
}

#ifdef __cplusplus
}
#endif

#endif
