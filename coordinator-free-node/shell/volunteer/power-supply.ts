/**
 * Whether the machine runs on battery. Linux tells it in files; macOS and Windows are asked through systeminformation,
 * whose reading of Linux knows two names of mains adapters where there are many.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { GridError } from '../../protocol/errors.js'

/** Asks; rejects where the answer is not to be had. */
export type PowerSupply = () => Promise<boolean>

/** Other systems start a process for each question: their answer is kept for this long. */
const keptMs = 30_000

/**
 * @param platform  as `process.platform`
 * @returns undefined where nothing tells
 */
export function powerSupplyOf(platform: NodeJS.Platform): PowerSupply | undefined {
  if (platform === 'linux') return () => isOnBatteryBySys('/sys/class/power_supply')
  if (platform !== 'darwin' && platform !== 'win32') return undefined
  let last: { atMs: number; answer: boolean } | undefined
  return async () => {
    if (last === undefined || performance.now() - last.atMs > keptMs)
      last = { answer: await askSystem(), atMs: performance.now() }
    return last.answer
  }
}

async function askSystem(): Promise<boolean> {
  const { battery } = await import('systeminformation')
  const { hasBattery, acConnected, isCharging, ...rest } = await battery()
  // Windows says "fully charged" (3) instead of "on mains" once it is.
  const isFull = 'status' in rest && rest.status === 3
  return hasBattery && !acConnected && !isCharging && !isFull
}

/** @param directory  as /sys/class/power_supply: a folder each for mains and batteries */
export async function isOnBatteryBySys(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new GridError('MH_USAGE', `${directory} cannot be read`, { blame: 'local', cause })
  })
  const supplies = await Promise.all(
    names.map(async (name) => {
      const read = async (file: string) =>
        (await readFile(path.join(directory, name, file), 'utf8').catch(() => '')).trim()
      const [type, online, status, scope] = await Promise.all(
        ['type', 'online', 'status', 'scope'].map(read),
      )
      return { type, online, status, scope }
    }),
  )
  const isPlugged = supplies.some(({ type, online }) => type !== 'Battery' && online === '1')
  // The battery of a mouse says `Device`.
  const drains = supplies.some(
    ({ type, status, scope }) =>
      type === 'Battery' && scope !== 'Device' && status === 'Discharging',
  )
  return drains && !isPlugged
}
