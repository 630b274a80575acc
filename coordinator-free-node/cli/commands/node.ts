/** `node`: one machine's part in the grid, from start to drained. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { NodeOptions, RunningNode } from '../../index.js'
import { GridError } from '../../protocol/errors.js'
import type { NodeStatus } from '../../protocol/gateway-api.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { countOf } from '../format.js'
import { onInterrupts } from '../interrupts.js'
import {
  addConnectionOptions,
  addExamples,
  addJsonOption,
  type ConnectionOptions,
  collect,
  integerFrom,
  type JsonOption,
  PORT_MAX,
  stateDirectoryOf,
} from '../options.js'
import { renderNodeLine } from '../status.js'
import {
  addVolunteerOptions,
  type VolunteerOptions,
  volunteerOptionsOf,
} from '../volunteer-options.js'

const REFRESH_MS = 1000
/** Where the line cannot be rewritten, one in so many refreshes is printed. */
const SPARSE_REFRESHES = 10

interface NodeCommandOptions extends ConnectionOptions, JsonOption, VolunteerOptions {
  port?: number
  listen?: string[]
  log?: 'silent' | 'error' | 'warn' | 'info' | 'debug'
  logFile?: string
  gatewayPort?: number
  lieRate?: number
  printConfig?: boolean
}

export function addNodeCommand(program: Command, context: Context): void {
  const command = program
    .command('node')
    .summary('give this machine to the grid')
    .description(
      'Runs a node until Ctrl-C: it computes for others, and jobs of your own go through it. ' +
        'Ctrl-C once finishes what runs and hands the rest back; twice stops at once.',
    )
    .option(
      '--port <n>',
      'port to listen on (default: any that is free)',
      integerFrom('--port', 0, PORT_MAX),
    )
    .option(
      '--listen <multiaddr>',
      'address to listen on; repeatable (default: all interfaces)',
      collect,
    )
    .addOption(
      new Option(
        '--log <level>',
        'how much to log to stderr (default: silent; info with --log-file)',
      ).choices(['silent', 'error', 'warn', 'info', 'debug']),
    )
    .addOption(
      new Option('--lie-rate <share>', 'share of units to lie about, for tests and the demo')
        .argParser(parseShare)
        .hideHelp(),
    )
    .option('--log-file <file>', 'log to this file, JSON lines; bounded, with one predecessor')
    .option(
      '--gateway-port <n>',
      'port of the gateway on this machine, for metrics (default: any that is free)',
      integerFrom('--gateway-port', 0, PORT_MAX),
    )
    .option('--print-config', 'print the settings in effect, and end')
  addJsonOption(addVolunteerOptions(addConnectionOptions(command))).action(
    (options: NodeCommandOptions) =>
      options.printConfig === true ? printConfig(context, options) : runNode(context, options),
  )
  addExamples(command, [
    ['node', 'joins whoever is on the local network'],
    ['node --peer /ip4/192.0.2.7/tcp/4001/ws/p2p/12D3KooW...', 'joins through a peer elsewhere'],
    ['node --cpus 2 --port 4001', 'two threads, always the same port'],
    ['node --hours 22:00-07:00 --never-on-battery', 'at night, and on mains'],
    ['node --print-config', 'all settings and where they come from, as a settings file'],
    ['node --log info', 'says on stderr who comes, who goes and what goes wrong'],
    ['node --json', 'a line of JSON at the start and then every second'],
  ])
}

/** What was asked for, in the node's own words. */
export function nodeOptionsOf(options: NodeCommandOptions, env: Context['env']): NodeOptions {
  return {
    stateDirectory: stateDirectoryOf(options.state, env),
    ...volunteerOptionsOf(options),
    // What was not said is left to the settings file.
    ...(options.peer === undefined ? {} : { peers: options.peer }),
    ...(options.lan ? {} : { lan: false }),
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.logFile === undefined ? {} : { logFile: resolve(options.logFile) }),
    ...(options.gatewayPort === undefined ? {} : { gatewayPort: options.gatewayPort }),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
    ...(options.lieRate === undefined ? {} : { lieRate: options.lieRate }),
  }
}

function parseShare(text: string): number {
  const share = Number(text)
  if (text !== '' && share >= 0 && share <= 1) return share
  throw new GridError('MH_USAGE', `--lie-rate: '${text}' is no number from 0 to 1`, {
    blame: 'user',
  })
}

async function printConfig(context: Context, options: NodeCommandOptions): Promise<void> {
  const { effectiveOptionsOf, renderConfig } = await import(
    '../../shell/volunteer/effective-options.js'
  )
  const effective = await effectiveOptionsOf(nodeOptionsOf(options, context.env))
  const { terminal } = context
  terminal.print(options.json === true ? JSON.stringify(effective) : renderConfig(effective))
}

async function runNode(context: Context, options: NodeCommandOptions): Promise<void> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  const off = onInterrupts({ onFirst: stop })
  // Whoever started this node over IPC, as the demo does, takes it down with itself.
  process.once('disconnect', stop)
  try {
    const node = await context.startNode(nodeOptionsOf(options, context.env))
    node.finishing.addEventListener('abort', stop, { once: true })
    const show = options.json === true ? jsonDisplay(context) : textDisplay(context)
    try {
      await show.ready(node)
      await showUntil(node, stopping.signal, show)
      await drainAloud(context, node, options.json === true)
    } finally {
      context.terminal.live(undefined)
      await node.stop()
    }
    context.setExitCode(exitCodes.ok)
  } finally {
    process.off('disconnect', stop)
    off()
  }
}

interface Display {
  ready(node: RunningNode): Promise<void>
  refresh(status: NodeStatus): void
}

function jsonDisplay({ terminal }: Context): Display {
  return {
    async ready(node) {
      const { peer, gatewayUrl, warnings } = node
      const { stateDirectory, pid } = await node.status()
      const addresses = node.addresses()
      terminal.print(
        JSON.stringify({
          event: 'ready',
          peer,
          pid,
          addresses,
          gatewayUrl,
          stateDirectory,
          warnings,
        }),
      )
    },
    refresh: (status) => terminal.print(JSON.stringify({ event: 'status', status })),
  }
}

function textDisplay({ terminal }: Context): Display {
  let refreshes = 0
  return {
    async ready(node) {
      for (const warning of node.warnings) terminal.say(`warning: ${warning}`)
      const addresses = node.addresses()
      terminal.print(`peer ${node.peer}`)
      for (const address of addresses) terminal.print(`  ${address}`)
      const best = addresses.find((address) => !address.includes('/127.0.0.1/')) ?? addresses[0]
      if (best !== undefined) terminal.print(`others join with: manyhands node --peer ${best}`)
      terminal.print('on this machine: manyhands run FILE|TASK, manyhands status; Ctrl-C to leave')
    },
    refresh(status) {
      const line = renderNodeLine(status)
      if (terminal.canRewrite) terminal.live(line)
      else if (refreshes % SPARSE_REFRESHES === 0) terminal.say(line)
      refreshes += 1
    },
  }
}

/** Refreshes the display once a second until the signal. */
async function showUntil(node: RunningNode, signal: AbortSignal, show: Display): Promise<void> {
  while (!signal.aborted) {
    show.refresh(await node.status())
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, REFRESH_MS)
      signal.addEventListener('abort', finish, { once: true })
      function finish() {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        resolve()
      }
    })
  }
}

async function drainAloud(context: Context, node: RunningNode, json: boolean): Promise<void> {
  const { hosting } = await node.status()
  context.terminal.live(undefined)
  if (json) {
    context.terminal.print(JSON.stringify({ event: 'draining', units: hosting.executing }))
  } else {
    context.terminal.say(
      `finishing ${countOf(hosting.executing, 'unit')}; Ctrl-C again stops at once`,
    )
  }
  await node.drain()
  if (json) context.terminal.print(JSON.stringify({ event: 'stopped' }))
  else context.terminal.say('left the grid; nothing was lost')
}
