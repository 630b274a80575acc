/* Gives its input back, up to 64 MiB: what a `wasm` unit's bytes cost on their way. */
#include <manyhands.h>

static char bytes[64 << 20];

GRID_KERNEL int run(void) {
  size_t size = grid_input_size();
  grid_input_read(bytes);
  grid_output_write(bytes, size);
  return GRID_DONE;
}
