/**
 * What the operator of a node may choose. One strict object; docs/options.md is made from it. The settings file knows
 * the same options by their names in kebab-case, but for those in `notInFile`.
 */
import { z } from 'zod'
import { GridError } from '../protocol/errors.js'
import { peerIdSchema } from '../protocol/ids.js'
import { limits } from '../protocol/limits.js'
import { canonicalValue, expectedValue, type ListSubject } from '../protocol/lists.js'
import { stampBitsMax } from '../protocol/stamp.js'
import { parseHours } from './volunteer/hours.js'
import { durationSchema, sizeSchema } from './volunteer/quantities.js'

/** Entries of a list, half of what a node keeps in all: some are allowed, others denied. */
const listMax = limits.listEntriesMax / 2
/** Windows of hours: three for each day of the week, and some. */
const hoursMax = 32

const owner = peerIdSchema
const task = z
  .string()
  .regex(
    /^[0-9a-f]{64}$/,
    'expected the whole hash of a task, 64 lowercase hexadecimal digits, not the first of them: "manyhands jobs --hosted --json" shows hashes',
  )
const listed = (subject: ListSubject) =>
  z.string().refine((text) => canonicalValue(subject, text) !== undefined, {
    error: `expected ${expectedValue[subject]}`,
  })
const hours = z.string().superRefine((text, context) => {
  const parsed = parseHours(text)
  if (typeof parsed === 'string') context.addIssue(parsed)
})

/** Of nodes that are members of no private grid and were told no name. */
export const openGridName = 'open'

export const nodeOptionsSchema = z.strictObject({
  stateDirectory: z
    .string()
    .min(1)
    .describe('Where identity, journal, ledger and blobs live; one node at a time.'),
  peers: z
    .array(z.string())
    .default([])
    .describe(
      'Peers to connect to and stay connected to: multiaddrs, or host:port. A node that knows nobody yet does not start when none of them answers.',
    ),
  lan: z.boolean().default(true).describe('Find peers on the local network by mDNS, and be found.'),
  lanPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(5353)
    .describe('UDP port of mDNS; nodes on another port do not find those on this one.'),
  listen: z
    .array(z.string())
    .optional()
    .describe('Multiaddrs to listen on. Default: any free port on every interface.'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('TCP port to listen on, on every interface; 0: any free one.'),
  grid: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/)
    .default(openGridName)
    .describe('Name of the grid; nodes of other grids are not heard.'),
  puzzle: z
    .number()
    .int()
    .min(0)
    .max(stampBitsMax)
    .default(0)
    .describe(
      'Work that peers must have done for their name before this node deals with them, in bits: about 2^bits hashes of 16 MiB, once in 28 days. 6 takes a machine seconds, 10 a minute, 16 an hour. More keeps made-up names out and newcomers waiting.',
    ),
  sameSubnet: z
    .boolean()
    .default(false)
    .describe(
      "Peers in one public subnet (/24, IPv6 /48) count as several persons: for a lab whose machines share one. Otherwise they have one vote on a unit together, and few places in this node's tables. Private and loopback addresses are never counted together.",
    ),
  cpus: z
    .number()
    .int()
    .min(0)
    .max(1024)
    .optional()
    .describe(
      'Threads that run units. Default: all cores but one. More finish more and leave less to the machine; 0 runs none.',
    ),
  cpuShare: z
    .number()
    .min(1)
    .max(100)
    .default(100)
    .describe(
      'Percent of the time that each thread works; the rest of it rests. Less keeps a laptop cool and quiet.',
    ),
  unitMemory: sizeSchema('64 KiB', '2 GiB')
    .prefault('1 GiB')
    .describe(
      'Memory that one unit may use, as `"512 MiB"` or bytes. Jobs that ask for more are refused.',
    ),
  memory: sizeSchema('64 KiB', '1024 TiB')
    .optional()
    .describe(
      "Memory that all threads' units may use together. Default: half of the machine's. A job is served when `cpus` of its units fit.",
    ),
  disk: sizeSchema('64 MiB', '1024 TiB')
    .prefault('4 GiB')
    .describe(
      "Disk for tasks and manifests, `blobs` in the state directory. Over it the oldest go, but for those of jobs under way and of the user's own jobs.",
    ),
  onlyWhenIdle: z
    .boolean()
    .default(false)
    .describe(
      'Work for others only while nobody uses the machine: no input for `idleAfter`, and other processes below `idleCpu`. Linux only.',
    ),
  idleAfter: durationSchema('10 s', '24 h')
    .prefault('10 min')
    .describe('How long nobody has touched keyboard or terminal, as `"10 min"` or milliseconds.'),
  idleCpu: z
    .number()
    .min(1)
    .max(100)
    .default(25)
    .describe(
      'Percent of all processors that other processes may use before the machine counts as busy.',
    ),
  neverOnBattery: z
    .boolean()
    .default(false)
    .describe('Work for others only on mains. Linux, macOS and Windows.'),
  hours: z
    .array(hours)
    .max(hoursMax)
    .default([])
    .describe(
      'When to work for others, local time: `"22:00-07:00"`, `"mon-fri 18:00-23:30"`, `"sat,sun 00:00-24:00"`; several add up, none means always.',
    ),
  tiers: z
    .array(
      z.enum(['builtin', 'wasm', 'js'], {
        error: ({ input }) =>
          input === 'native'
            ? 'native is no choice here: name the owners whose native tasks may run in native-owners'
            : undefined,
      }),
    )
    .min(1)
    .default(['builtin', 'wasm', 'js'])
    .describe('Kinds of tasks to run for others.'),
  allowPeers: z
    .array(listed('peer'))
    .max(listMax)
    .optional()
    .describe('Peer ids of the nodes to deal with at all. Default: everybody.'),
  denyPeers: z
    .array(listed('peer'))
    .max(listMax)
    .default([])
    .describe(
      'Peer ids of nodes not to deal with: not dialled, not let in, given no work; wins over `allowPeers`.',
    ),
  allowSubnets: z
    .array(listed('subnet'))
    .max(listMax)
    .optional()
    .describe(
      'Internet addresses to deal with, `192.0.2.7` or blocks `192.0.2.0/24`, `2001:db8::/32`. Default: all.',
    ),
  denySubnets: z
    .array(listed('subnet'))
    .max(listMax)
    .default([])
    .describe(
      'Internet addresses not to dial and not to be reached from: a connection is closed before a byte is read; wins over `allowSubnets`.',
    ),
  owners: z
    .array(owner)
    .max(listMax)
    .optional()
    .describe('Peer ids of those to work for. Default: everybody.'),
  denyOwners: z
    .array(owner)
    .max(listMax)
    .default([])
    .describe('Peer ids of those not to work for; wins over `owners`.'),
  tasks: z
    .array(task)
    .max(listMax)
    .optional()
    .describe('Hashes of the tasks to run for others, whole. Default: all.'),
  denyTasks: z
    .array(task)
    .max(listMax)
    .default([])
    .describe('Hashes of tasks not to run, whole; wins over `tasks`.'),
  nativeOwners: z
    .array(owner)
    .max(listMax)
    .default([])
    .describe(
      'Peer ids whose `native` tasks may run: programs that nothing guards. For machines of your own. Your own node is asked as well.',
    ),
  grace: durationSchema('0 s', '1 h')
    .prefault('20 s')
    .describe(
      'When work for others has to stop, running units may take so long to finish; what is not done then goes to another host.',
    ),
  newcomerShare: z
    .number()
    .min(0)
    .max(50)
    .default(5)
    .describe(
      'Percent of the time that others compete for which may go to peers that this node owes nothing, all of them together; less while they give nothing back. What nobody else wants is theirs anyway.',
    ),
  config: z
    .string()
    .min(1)
    .optional()
    .describe('File of settings. Default: `config.toml` in the state directory, if there is one.'),
  log: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .optional()
    .describe(
      'What is logged to standard error, or to `logFile`. Default: `silent`, and `info` when there is a file. `debug` says most.',
    ),
  logFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File that the log goes to instead, JSON lines. At 16 MiB it is renamed to end in `.1`, which is overwritten, and begun anew.',
    ),
  gatewayPort: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe(
      'TCP port of the gateway, on the loopback interface alone; 0: any free one. A fixed one is for whoever scrapes metrics.',
    ),
  lieRate: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'For demonstrations and tests of the grid: the share of units whose result this host makes up.',
    ),
})

export type NodeOptions = z.input<typeof nodeOptionsSchema>
export type ParsedNodeOptions = z.output<typeof nodeOptionsSchema>

/** Options that make no sense in the file that they find, or that are for tests. */
export const notInFile = ['stateDirectory', 'config', 'lieRate'] as const
export type FileOptions = Omit<NodeOptions, (typeof notInFile)[number]>

export const fileOptionsSchema = nodeOptionsSchema
  .omit(
    Object.fromEntries(notInFile.map((name) => [name, true])) as Record<
      (typeof notInFile)[number],
      true
    >,
  )
  .partial()

/** @throws {GridError} MH_USAGE, naming the option and what would be valid */
export function parseNodeOptions(options: NodeOptions): ParsedNodeOptions {
  const parsed = nodeOptionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const [name = '', index] = issue?.path ?? []
  const entry = typeof index === 'number' ? `, entry ${index + 1}` : ''
  const text = `option ${String(name)} (--${kebabOf(String(name))})${entry}: ${issue?.message}`
  throw new GridError('MH_USAGE', text, {
    blame: 'user',
    hint: 'docs/options.md lists every option with its range',
  })
}

/** `denyOwners` as the command and the settings file write it. */
export function kebabOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
