/** Numbers as people read them. Pure; the same everywhere, whatever the machine's language. */
import { shortId } from '../protocol/ids.js'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `340 ms`, `4.2 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`; `-` when unknown. */
export function formatDurationMs(durationMs: number | undefined): string {
  if (durationMs === undefined || !Number.isFinite(durationMs)) return '-'
  const ms = Math.max(0, Math.round(durationMs))
  if (ms < SECOND_MS) return `${ms} ms`
  if (ms < 10 * SECOND_MS) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`
  if (ms < HOUR_MS) return pair(ms, MINUTE_MS, 'min', SECOND_MS, 's')
  if (ms < DAY_MS) return pair(ms, HOUR_MS, 'h', MINUTE_MS, 'min')
  return pair(ms, DAY_MS, 'd', HOUR_MS, 'h')
}

function pair(ms: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = String(Math.floor((ms % big) / small)).padStart(2, '0')
  return `${Math.floor(ms / big)} ${bigUnit} ${rest} ${smallUnit}`
}

/** Local time: `14:00` today or soon, `Sat 14:00` within a week, else `2031-05-09 14:00`. */
export function formatClock(at: Date, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`
  const aheadMs = at.getTime() - now.getTime()
  if (at.toDateString() === now.toDateString() || aheadMs < DAY_MS / 2) return clock
  if (aheadMs < 6 * DAY_MS) return `${WEEKDAYS[at.getDay()]} ${clock}`
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** Whole number with thousands set apart: `1,234,567`; `-` when unknown. */
export function formatCount(count: number | undefined): string {
  if (count === undefined) return '-'
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `512 B`, `1.5 KiB`, `3.0 GiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let step = 0
  while (value >= 1024 && step < BYTE_UNITS.length - 1) {
    value /= 1024
    step += 1
  }
  return `${step === 0 ? value : value.toFixed(1)} ${BYTE_UNITS[step] ?? 'B'}`
}

/** Units a second: `0.25/s`, `3.1/s`, `1,250/s`; `-` when unknown. */
export function formatRate(perSecond: number | undefined): string {
  if (perSecond === undefined || !Number.isFinite(perSecond)) return '-'
  if (perSecond >= 100) return `${formatCount(perSecond)}/s`
  return `${perSecond.toFixed(perSecond < 1 ? 2 : 1)}/s`
}

/** Share of a whole, rounded down so that 100 % means all; `undefined` where the whole is unknown. */
export function percentOf(part: number, whole: number | undefined): number | undefined {
  if (whole === undefined) return undefined
  return whole === 0 ? 100 : Math.min(100, Math.floor((part / whole) * 100))
}

/** `62 %`, `4.8 %`, `0.1 %`. */
export function formatShare(share: number): string {
  const percent = 100 * share
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : percent.toFixed(1)} %`
}

/** `1 unit`, `2 units`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A peer as people tell it from another: the last characters of its id. */
export function formatPeer(peer: string, self = false): string {
  return self ? `${shortId(peer)} (this node)` : shortId(peer)
}
