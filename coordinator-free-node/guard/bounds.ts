/**
 * The bounds of a module. Each is tighter than what any engine in use enforces, so that no engine ever has a say:
 * a module is accepted everywhere or nowhere.
 */
export const bounds = {
  /** As engines have it. */
  functionBytesMax: 7_654_321,
  /** The module once guarded: instrumentation may blow up a hostile one twentyfold. */
  guardedBytesMax: 64 * 1024 * 1024,
  typesMax: 100_000,
  importsMax: 10_000,
  functionsMax: 100_000,
  tablesMax: 8,
  /** Elements of one table: 8 bytes each; large programs have some ten thousand functions. */
  tableElementsMax: 100_000,
  globalsMax: 50_000,
  exportsMax: 50_000,
  elementSegmentsMax: 50_000,
  dataSegmentsMax: 50_000,
  nameBytesMax: 10_000,
  parametersMax: 255,
  resultsMax: 255,
  /** Parameters and locals of a function. */
  localsMax: 8_000,
  branchTargetsMax: 65_000,
  /** Blocks inside blocks. */
  nestingMax: 10_000,
  /** Loops inside loops: optimising compilers look at the body of each once more. */
  loopNestingMax: 100,
  /**
   * Branches and blocks times the locals that a compiler has to bring together there: some 10 ns each. In one function,
   * which is compiled in one go when it is first called, and in the whole module.
   */
  functionMergesMax: 2 ** 24,
  /**
   * Branches, targets of branch tables, ends of blocks and ways out of one function. What an engine needs to optimise it
   * grows with their square: half a gigabyte and some seconds at this bound, ten gigabytes at six times as many. It does
   * that in the background once the function is hot, where no limit of the unit's holds.
   */
  functionWaysMax: 2 ** 16,
  /** The same for loops: a second. */
  functionLoopsMax: 1_000,
  mergesMax: 2 ** 27,
} as const

/**
 * The call stack that every engine can give, in slots of 8 bytes: 1 MiB. A frame counts with its locals, its operands
 * and an overhead; what an engine really uses differs, so the count decides, and the real stack is larger.
 */
export const stackSlotsMax = 131_072

/** Return address, frame pointer, instance and what else an engine keeps in a frame, and the guard's own locals. */
export const frameSlots = 16

/** A function without loops that costs no more is paid for by its caller, and carries no counter. */
export const inlinedFuelMax = 64
