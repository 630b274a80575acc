/** How often something may be done. */
export interface Rate {
  perMinute: number
  /** After a quiet time. */
  atOnce: number
}

/** What is left of a rate. */
export interface Allowance {
  left: number
  /** When `left` was counted. */
  countedMs: number
}

export function createAllowance({ atOnce }: Rate): Allowance {
  return { left: atOnce, countedMs: 0 }
}

/** @returns how many of those wanted may be done now; they are taken */
export function take(
  allowance: Allowance,
  { perMinute, atOnce }: Rate,
  nowMs: number,
  wanted = 1,
): number {
  const gained = ((nowMs - allowance.countedMs) / 60_000) * perMinute
  allowance.left = Math.min(atOnce, allowance.left + gained)
  allowance.countedMs = nowMs
  const taken = Math.min(wanted, Math.floor(allowance.left))
  allowance.left -= taken
  return taken
}
