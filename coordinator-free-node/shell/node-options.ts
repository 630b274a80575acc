/** What the operator of a node may choose. One strict object; docs/options.md is made from it. */
import { z } from 'zod'
import { GridError } from '../protocol/errors.js'

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
    .default('open')
    .describe('Name of the grid; nodes of other grids are not heard.'),
  cpus: z
    .number()
    .int()
    .min(0)
    .max(1024)
    .optional()
    .describe(
      'Threads that run units. Default: all cores but one. More finish more and leave less to the machine; 0 runs none.',
    ),
  log: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('silent')
    .describe('What is logged to standard error.'),
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

/** @throws {GridError} MH_USAGE, naming the option and what would be valid */
export function parseNodeOptions(options: NodeOptions): ParsedNodeOptions {
  const parsed = nodeOptionsSchema.safeParse(options)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new GridError('MH_USAGE', `option ${issue?.path.join('.')}: ${issue?.message}`, {
    blame: 'user',
    hint: 'docs/options.md lists every option with its range',
  })
}
