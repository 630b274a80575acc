/** The volunteer's say as options of `manyhands node`: the same names as in the settings file, and they win over it. */
import type { Command } from 'commander'
import type { NodeOptions } from '../index.js'
import { GridError } from '../protocol/errors.js'
import { stampBitsMax } from '../protocol/stamp.js'
import { collect } from './options.js'

type VolunteerOption =
  | 'cpuShare'
  | 'unitMemory'
  | 'memory'
  | 'disk'
  | 'onlyWhenIdle'
  | 'idleAfter'
  | 'idleCpu'
  | 'neverOnBattery'
  | 'hours'
  | 'tiers'
  | 'allowPeers'
  | 'denyPeers'
  | 'allowSubnets'
  | 'denySubnets'
  | 'owners'
  | 'denyOwners'
  | 'tasks'
  | 'denyTasks'
  | 'nativeOwners'
  | 'grace'
  | 'newcomerShare'
  | 'sameSubnet'
  | 'puzzle'
  | 'config'

export type VolunteerOptions = { [name in VolunteerOption]?: NodeOptions[name] }

const names = [
  'cpuShare',
  'unitMemory',
  'memory',
  'disk',
  'onlyWhenIdle',
  'idleAfter',
  'idleCpu',
  'neverOnBattery',
  'hours',
  'tiers',
  'allowPeers',
  'denyPeers',
  'allowSubnets',
  'denySubnets',
  'owners',
  'denyOwners',
  'tasks',
  'denyTasks',
  'nativeOwners',
  'grace',
  'newcomerShare',
  'sameSubnet',
  'puzzle',
  'config',
] as const satisfies readonly VolunteerOption[]

export function addVolunteerOptions(command: Command): Command {
  return command
    .option(
      '--cpu-share <percent>',
      "share of each thread's time to work",
      percentFrom('--cpu-share'),
    )
    .option('--unit-memory <size>', 'memory that one unit may use, such as 512MiB')
    .option(
      '--memory <size>',
      "memory that all units together may use (default: half the machine's)",
    )
    .option('--disk <size>', 'disk for tasks and manifests')
    .option('--only-when-idle', 'work for others only while nobody uses the machine')
    .option('--no-only-when-idle', 'also while somebody does')
    .option('--idle-after <duration>', 'how long nobody has touched it, such as 10min')
    .option(
      '--idle-cpu <percent>',
      'what other programs may use meanwhile',
      percentFrom('--idle-cpu'),
    )
    .option('--never-on-battery', 'work for others only on mains')
    .option('--no-never-on-battery', 'on battery, too')
    .option('--hours <hours>', 'when, such as "mon-fri 22:00-07:00"; repeatable', collect)
    .option('--tiers <tiers>', 'kinds of tasks to run: builtin,wasm,js', collectList)
    .option('--allow-peers <peers>', 'deal with these nodes only; repeatable', collectList)
    .option('--deny-peers <peers>', 'not with these; repeatable', collectList)
    .option('--allow-subnets <blocks>', 'only at these addresses, as 192.0.2.0/24', collectList)
    .option('--deny-subnets <blocks>', 'not at these; repeatable', collectList)
    .option('--owners <peers>', 'work for these requesters only; repeatable', collectList)
    .option('--deny-owners <peers>', 'not for these; repeatable', collectList)
    .option('--tasks <hashes>', 'run these tasks only; repeatable', collectList)
    .option('--deny-tasks <hashes>', 'not these; repeatable', collectList)
    .option(
      '--native-owners <peers>',
      'run native, unguarded tasks of these requesters',
      collectList,
    )
    .option('--grace <duration>', 'for units that run when work has to stop')
    .option(
      '--newcomer-share <percent>',
      'of contended time, for peers that this node owes nothing',
      percentFrom('--newcomer-share', { least: 0, most: 50 }),
    )
    .option(
      '--puzzle <bits>',
      'work that peers must have done for their name: 6 takes seconds, 10 a minute',
      bitsFrom,
    )
    .option('--same-subnet', 'peers in one public /24 or /48 are machines of a lab, not one person')
    .option('--no-same-subnet', 'they may be one person')
    .option('--config <file>', 'file of settings (default: config.toml in the state directory)')
}

/** Those that were given. */
export function volunteerOptionsOf(options: VolunteerOptions): VolunteerOptions {
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  )
}

/** For lists: several at once with commas, or the option several times. */
function collectList(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').map((entry) => entry.trim())]
}

function bitsFrom(text: string): number {
  const bits = Number(text)
  if (/^\d{1,2}$/.test(text) && bits <= stampBitsMax) return bits
  throw new GridError(
    'MH_USAGE',
    `--puzzle: '${text}' is no number of bits from 0 to ${stampBitsMax}`,
    { blame: 'user', hint: 'for example --puzzle 6' },
  )
}

function percentFrom(option: string, { least = 1, most = 100 } = {}): (text: string) => number {
  return (text) => {
    const value = Number(text.replace(/ ?%$/, ''))
    if (text !== '' && value >= least && value <= most) return value
    throw new GridError(
      'MH_USAGE',
      `${option}: '${text}' is no percentage from ${least} to ${most}`,
      {
        blame: 'user',
        hint: `for example ${option} ${most / 2}`,
      },
    )
  }
}
