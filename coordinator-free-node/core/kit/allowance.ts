/** How often something may be done. */
export interface Rate {
  perSecond: number
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

/** @returns how often it may be done now; nothing is taken */
export function leftOf(allowance: Allowance, { perSecond, atOnce }: Rate, nowMs: number): number {
  const gained = ((nowMs - allowance.countedMs) / 1000) * perSecond
  allowance.left = Math.min(atOnce, allowance.left + gained)
  allowance.countedMs = nowMs
  return Math.floor(allowance.left)
}

/** @returns how many of those wanted may be done now; they are taken */
export function take(allowance: Allowance, rate: Rate, nowMs: number, wanted = 1): number {
  const taken = Math.min(wanted, leftOf(allowance, rate, nowMs))
  allowance.left -= taken
  return taken
}
