/** Measures what the volunteer's rules ask for, again and again, and says so to the core; decides nothing. */
import type { DonationRules, MachineReading } from '../../core/hosting/availability.js'
import { GridError } from '../../protocol/errors.js'
import { localWeekMs } from './hours.js'
import { powerSupplyOf } from './power-supply.js'
import { Presence } from './presence.js'
import { ProcessorLoad } from './processor-load.js'

/** How soon a person who comes back has the machine: this, and the units' grace. */
const readEveryMs = 5_000
/** The first load takes two looks: they are close together. */
const firstReadMs = 500

/** Questions that can be put to the machine; those not asked are left out. */
export interface MachineSenses {
  isOnBattery?: () => Promise<boolean>
  inputIdleMs?: () => Promise<number | undefined>
  othersCpuShare?: () => Promise<number | undefined>
}

/**
 * The senses that rules need.
 *
 * @throws {GridError} MH_USAGE when this machine cannot measure one: a rule that is not kept is worse than none
 */
export async function sensesFor(
  rules: DonationRules,
  platform: NodeJS.Platform = process.platform,
): Promise<MachineSenses> {
  return {
    ...(rules.neverOnBattery ? { isOnBattery: await batterySense(platform) } : {}),
    ...(rules.idle === undefined ? {} : await idleSenses(platform)),
  }
}

async function batterySense(platform: NodeJS.Platform): Promise<() => Promise<boolean>> {
  const sense = powerSupplyOf(platform)
  const works = await sense?.().then(
    () => true,
    () => false,
  )
  if (sense !== undefined && works === true) return sense
  throw new GridError(
    'MH_USAGE',
    `never-on-battery: whether this machine (${platform}) runs on battery cannot be measured`,
    { blame: 'user', hint: 'leave the option out; hours, pause and resume work everywhere' },
  )
}

async function idleSenses(platform: NodeJS.Platform): Promise<MachineSenses> {
  const presence = new Presence()
  if (platform !== 'linux' || (await presence.idleMs()) === undefined)
    throw new GridError(
      'MH_USAGE',
      platform === 'linux'
        ? 'only-when-idle: this machine shows neither a terminal nor the interrupts of a keyboard, so when it is idle cannot be measured'
        : `only-when-idle: when a machine is idle can be measured on Linux only, not on ${platform}`,
      { blame: 'user', hint: 'leave the option out; hours, pause and resume work everywhere' },
    )
  const load = new ProcessorLoad()
  return { inputIdleMs: () => presence.idleMs(), othersCpuShare: () => load.othersShare() }
}

/** Takes one reading; a sense that fails leaves its part undefined, and the rule that needs it unmet. */
export async function readMachine(senses: MachineSenses): Promise<MachineReading> {
  const ask = async <T>(sense: (() => Promise<T>) | undefined): Promise<T | undefined> =>
    await sense?.().catch(() => undefined)
  const [onBattery, inputIdleMs, othersCpuShare] = await Promise.all([
    ask(senses.isOnBattery),
    ask(senses.inputIdleMs),
    ask(senses.othersCpuShare),
  ])
  const now = new Date()
  return {
    utcMs: now.getTime(),
    weekMs: localWeekMs(now),
    onBattery,
    inputIdleMs,
    othersCpuShare,
  }
}

/**
 * Reads the machine at once and then every few seconds, one reading after the other.
 *
 * @returns resolves after the first reading; call the function to end
 */
export async function watchMachine(
  senses: MachineSenses,
  onReading: (reading: MachineReading) => void,
): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const read = async (nextMs: number) => {
    const reading = await readMachine(senses)
    if (ended) return
    onReading(reading)
    timer = setTimeout(() => void read(readEveryMs), nextMs)
    timer.unref()
  }
  await read(senses.othersCpuShare === undefined ? readEveryMs : firstReadMs)
  return () => {
    ended = true
    clearTimeout(timer)
  }
}
