/** Hours of the week as people write them: `22:00-07:00`, `mon-fri 18:00-23:30`, `sat,sun 00:00-24:00`. */
import { type WeekWindow, weekMs } from '../../core/hosting/hours.js'

const dayMs = 86_400_000
const minuteMs = 60_000
const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/**
 * @param text  weekdays (optional) and hours; an end that is not after its begin is on the next day
 * @returns one window a day; what is wrong, in words, when the text is no such thing
 * @example parseHours('fri 22:00-07:00') // Friday 22:00 to Saturday 07:00
 */
export function parseHours(text: string): WeekWindow[] | string {
  const parts = text.trim().toLowerCase().split(/ +/)
  const hours = parts.pop() ?? ''
  const named = parts.join('')
  const on = named === '' ? days.map((_, day) => day) : parseDays(named)
  if (typeof on === 'string') return on
  const [, from = '', to = ''] = /^(\d{1,2}:\d{2})-(\d{1,2}:\d{2})$/.exec(hours) ?? []
  const fromMs = parseTime(from)
  const toMs = parseTime(to)
  if (fromMs === undefined || toMs === undefined || fromMs === dayMs)
    return `expected hours from 00:00 to 24:00 such as "22:00-07:00" or "sat,sun 10:00-24:00", not "${text}"`
  if (fromMs === toMs) return `"${text}" begins where it ends: for a whole day write 00:00-24:00`
  const lengthMs = toMs > fromMs ? toMs - fromMs : dayMs - fromMs + toMs
  return on.map((day) => {
    const startMs = day * dayMs + fromMs
    return { startMs, endMs: startMs + lengthMs }
  })
}

/** `mon-fri`, `sat,sun`, `fri-mon`: numbers of days, Monday 0. */
function parseDays(text: string): number[] | string {
  const on = new Set<number>()
  for (const part of text.split(',')) {
    const [first = '', last = first, ...rest] = part.split('-')
    const from = days.indexOf(first.slice(0, 3))
    const to = days.indexOf(last.slice(0, 3))
    if (from < 0 || to < 0 || rest.length > 0)
      return `"${part}" is no weekday: expected ${days.join(', ')}, or a range such as mon-fri`
    for (let day = from; ; day = (day + 1) % days.length) {
      on.add(day)
      if (day === to) break
    }
  }
  return [...on].sort((a, b) => a - b)
}

function parseTime(text: string): number | undefined {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(':').map(Number)
  const ms = (hours * 60 + minutes) * minuteMs
  return minutes < 60 && ms <= dayMs ? ms : undefined
}

/** Local time of the week, milliseconds since Monday 00:00 by the clock on the wall. */
export function localWeekMs(date: Date): number {
  const day = (date.getDay() + 6) % 7
  const minutes = (day * 24 + date.getHours()) * 60 + date.getMinutes()
  return (minutes * minuteMs + date.getSeconds() * 1_000 + date.getMilliseconds()) % weekMs
}
