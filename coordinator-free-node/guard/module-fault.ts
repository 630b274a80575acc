/** Why the guard does not let a module in. Every host finds the same fault at the same byte. */
export class ModuleFault extends Error {
  override readonly name = 'ModuleFault'
  /** What is wrong, without the place. */
  readonly reason: string
  /** Byte of the module where it was found. */
  readonly offset: number

  constructor(reason: string, offset: number) {
    super(`${reason}, at byte ${offset}`)
    this.reason = reason
    this.offset = offset
  }
}

/** A module that no engine would take: malformed, or its types do not fit. */
export function invalid(what: string, offset: number): ModuleFault {
  return new ModuleFault(`not a valid WebAssembly module: ${what}`, offset)
}

/** A module that some engine may take, of a feature that the profile leaves out. */
export function outside(feature: string, offset: number): ModuleFault {
  return new ModuleFault(`${feature} not offered by the grid's WebAssembly profile`, offset)
}
