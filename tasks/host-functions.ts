/**
 * The functions that a `wasm` kernel may import, with their types: the grid's own, and those of WASI preview 1, for
 * commands that were written without the grid in mind. Nothing else is offered. See docs/tasks.md for what they do.
 *
 * Source: WASI snapshot_preview1, witx/typenames.witx and wasi_snapshot_preview1.witx, lowered to core types.
 */

export type HostValueType = 'i32' | 'i64' | 'f64'

export interface HostFunction {
  readonly params: readonly HostValueType[]
  readonly results: readonly HostValueType[]
}

/** What modules call the grid's functions' module. */
export const gridModule = 'grid'
/** What modules call WASI preview 1. */
export const wasiModule = 'wasi_snapshot_preview1'

/** @param params  types, separated by spaces */
function of(params: string, results: string): HostFunction {
  return { params: typesOf(params), results: typesOf(results) }
}

function typesOf(text: string): HostValueType[] {
  return text.split(' ').filter((type) => type !== '') as HostValueType[]
}

/** Functions of the module `grid`, by name. */
export const gridImports: Readonly<Record<string, HostFunction>> = {
  input_size: of('', 'i32'),
  input_read: of('i32', ''),
  result_size: of('', 'i32'),
  result_read: of('i32', ''),
  params_size: of('', 'i32'),
  params_read: of('i32', ''),
  output_write: of('i32 i32', ''),
  random: of('i32 i32', ''),
  log: of('i32 i32', ''),
  progress: of('f64', ''),
}

/** Functions of the module `wasi_snapshot_preview1`, by name; all 46. */
export const wasiImports: Readonly<Record<string, HostFunction>> = {
  args_get: of('i32 i32', 'i32'),
  args_sizes_get: of('i32 i32', 'i32'),
  environ_get: of('i32 i32', 'i32'),
  environ_sizes_get: of('i32 i32', 'i32'),
  clock_res_get: of('i32 i32', 'i32'),
  clock_time_get: of('i32 i64 i32', 'i32'),
  fd_advise: of('i32 i64 i64 i32', 'i32'),
  fd_allocate: of('i32 i64 i64', 'i32'),
  fd_close: of('i32', 'i32'),
  fd_datasync: of('i32', 'i32'),
  fd_fdstat_get: of('i32 i32', 'i32'),
  fd_fdstat_set_flags: of('i32 i32', 'i32'),
  fd_fdstat_set_rights: of('i32 i64 i64', 'i32'),
  fd_filestat_get: of('i32 i32', 'i32'),
  fd_filestat_set_size: of('i32 i64', 'i32'),
  fd_filestat_set_times: of('i32 i64 i64 i32', 'i32'),
  fd_pread: of('i32 i32 i32 i64 i32', 'i32'),
  fd_prestat_get: of('i32 i32', 'i32'),
  fd_prestat_dir_name: of('i32 i32 i32', 'i32'),
  fd_pwrite: of('i32 i32 i32 i64 i32', 'i32'),
  fd_read: of('i32 i32 i32 i32', 'i32'),
  fd_readdir: of('i32 i32 i32 i64 i32', 'i32'),
  fd_renumber: of('i32 i32', 'i32'),
  fd_seek: of('i32 i64 i32 i32', 'i32'),
  fd_sync: of('i32', 'i32'),
  fd_tell: of('i32 i32', 'i32'),
  fd_write: of('i32 i32 i32 i32', 'i32'),
  path_create_directory: of('i32 i32 i32', 'i32'),
  path_filestat_get: of('i32 i32 i32 i32 i32', 'i32'),
  path_filestat_set_times: of('i32 i32 i32 i32 i64 i64 i32', 'i32'),
  path_link: of('i32 i32 i32 i32 i32 i32 i32', 'i32'),
  path_open: of('i32 i32 i32 i32 i32 i64 i64 i32 i32', 'i32'),
  path_readlink: of('i32 i32 i32 i32 i32 i32', 'i32'),
  path_remove_directory: of('i32 i32 i32', 'i32'),
  path_rename: of('i32 i32 i32 i32 i32 i32', 'i32'),
  path_symlink: of('i32 i32 i32 i32 i32', 'i32'),
  path_unlink_file: of('i32 i32 i32', 'i32'),
  poll_oneoff: of('i32 i32 i32 i32', 'i32'),
  proc_exit: of('i32', ''),
  proc_raise: of('i32', 'i32'),
  sched_yield: of('', 'i32'),
  random_get: of('i32 i32', 'i32'),
  sock_accept: of('i32 i32 i32', 'i32'),
  sock_recv: of('i32 i32 i32 i32 i32 i32', 'i32'),
  sock_send: of('i32 i32 i32 i32 i32', 'i32'),
  sock_shutdown: of('i32 i32', 'i32'),
}
