/** The parts of SHA-256 on four messages at a time, a 32-bit lane each. */

@inline
export function add(x: v128, y: v128): v128 {
  return i32x4.add(x, y)
}

@inline
function turn(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits))
}

@inline
function xor3(x: v128, y: v128, z: v128): v128 {
  return v128.xor(v128.xor(x, y), z)
}

@inline
export function choose4(x: v128, y: v128, z: v128): v128 {
  return v128.xor(z, v128.and(x, v128.xor(y, z)))
}

@inline
export function sum04(x: v128): v128 {
  return xor3(turn(x, 2), turn(x, 13), turn(x, 22))
}

@inline
export function sum14(x: v128): v128 {
  return xor3(turn(x, 6), turn(x, 11), turn(x, 25))
}

@inline
export function sigma04(x: v128): v128 {
  return xor3(turn(x, 7), turn(x, 18), i32x4.shr_u(x, 3))
}

@inline
export function sigma14(x: v128): v128 {
  return xor3(turn(x, 17), turn(x, 19), i32x4.shr_u(x, 10))
}
