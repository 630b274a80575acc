/** Sizes and durations as people write them, for options and the settings file. */
import { z } from 'zod'

const kib = 1024

/** Powers of 1024 with an `i`, of 1000 without. */
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
  tb: 1000 ** 4,
  kib,
  mib: kib ** 2,
  gib: kib ** 3,
  tib: kib ** 4,
}

const timeUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  min: 60_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** @returns bytes; undefined when the text is no size */
export function parseBytes(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?) *([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = byteUnits[unit === '' ? 'b' : unit.toLowerCase()]
  if (amount === '' || factor === undefined) return undefined
  return Math.round(Number(amount) * factor)
}

/** `90s`, `10 min`, `1h30m`. @returns milliseconds; undefined when the text is no duration */
export function parseDurationMs(text: string): number | undefined {
  const compact = text.replaceAll(' ', '').toLowerCase()
  const parts = [...compact.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== compact) return undefined
  let ms = 0
  for (const [, amount, unit = ''] of parts) {
    const factor = timeUnits[unit]
    if (factor === undefined) return undefined
    ms += Number(amount) * factor
  }
  return ms
}

/** Bytes, or text such as `4 GiB`. */
export function sizeSchema(min: string, max: string) {
  const [minBytes, maxBytes] = [parseBytes(min) ?? 0, parseBytes(max) ?? 0]
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseBytes(value)
    if (bytes !== undefined && bytes >= minBytes && bytes <= maxBytes) return Math.floor(bytes)
    context.addIssue(`expected a size from ${min} to ${max}, such as "2 GiB", not ${show(value)}`)
    return z.NEVER
  })
}

/** Milliseconds, or text such as `10 min`. */
export function durationSchema(min: string, max: string) {
  const [minMs, maxMs] = [parseDurationMs(min) ?? 0, parseDurationMs(max) ?? 0]
  return z.union([z.number(), z.string()]).transform((value, context) => {
    const ms = typeof value === 'number' ? value : parseDurationMs(value)
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms
    context.addIssue(
      `expected a duration from ${min} to ${max}, such as "10 min", not ${show(value)}`,
    )
    return z.NEVER
  })
}

function show(value: number | string): string {
  return typeof value === 'number' ? String(value) : `"${value}"`
}
