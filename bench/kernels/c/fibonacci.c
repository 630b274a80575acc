/* The `n`th Fibonacci number by plain double recursion: nothing but calls. */
#include "work.h"

__attribute__((noinline)) static u32 fibonacci(u32 n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

u32 work(u32 n) { return fibonacci(n); }
