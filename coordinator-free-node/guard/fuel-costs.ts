/**
 * What the instructions cost that instructions.ts does not list. A unit of fuel is about one machine instruction:
 * a fast machine burns 10^10 a second. What processors do in passing is free.
 */
export const fuelCosts = {
  /** Entering a function that is not paid for by its caller. */
  enter: 2,
  /** Each turn of a loop, beside what is in it. */
  turn: 1,
  call: 4,
  callIndirect: 10,
  branch: 1,
  branchTable: 3,
  setLocal: 1,
  global: 2,
  select: 1,
  tableAccess: 4,
  size: 2,
  reference: 1,
  /** Bulk operations, beside what they cost by their length: the engine leaves the module's code for them. */
  bulk: 50,
  /** Growing leaves it for longer, even by nothing. */
  grow: 2_000,
  /** Bytes, and elements of a table, that cost a unit when they are moved or filled. */
  bytesPerUnit: 8,
  elementsPerUnit: 1,
  /** A page of new memory: it is filled with zeros. */
  grownPage: 8_192,
  grownElement: 2,
} as const

/** Room that a charge has in the code: five bytes of LEB128. */
export const chargeMax = 2 ** 33
