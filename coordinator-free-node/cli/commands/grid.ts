/** `grid`: private grids, from the founding to the door. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { GridError } from '../../protocol/errors.js'
import { listMsMax } from '../../protocol/gateway-api.js'
import { type PeerId, peerIdSchema } from '../../protocol/ids.js'
import { type Role, roles } from '../../protocol/membership.js'
import { createGrid, joinGrid, leaveGrid } from '../../shell/grid/membership-change.js'
import { nearestOf } from '../../shell/suggest.js'
import { parseDurationMs } from '../../shell/volunteer/quantities.js'
import type { Context } from '../context.js'
import { renderInvitation, renderMembers, renderPlace, renderRevoked } from '../grid-views.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
  stateDirectoryOf,
} from '../options.js'
import { withRunningNode } from '../session.js'

type Options = StateOption & JsonOption

const withShared = (command: Command) => addJsonOption(addStateOption(command))

function print<View>({ terminal }: Context, { json }: Options, view: View, text: string): void {
  terminal.print(json === true ? JSON.stringify(view) : text)
}

export function addGridCommand(program: Command, context: Context): void {
  const grid = program
    .command('grid')
    .summary('private grids: who may be here')
    .description(
      'A private grid is for those who were invited: nobody else can connect to its nodes, see its jobs or read what they ' +
        'say. Without one a node is on the open grid; on a local network that needs nothing.',
    )
  addCreate(grid, context)
  addInvite(grid, context)
  addJoin(grid, context)
  addMembers(grid, context)
  addRevoke(grid, context)
  addLeave(grid, context)
}

function addCreate(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('create <name>').summary('found a private grid on this node'))
      .description(
        'Makes the key of a new grid and this node its first member, with every role. The key stays in the state directory ' +
          'of this node: keep a copy of that, nobody can invite in its name without it. The node must not be running.',
      )
      .action(async (name: string, options: Options) => {
        const place = await createGrid(stateDirectoryOf(options.state, context.env), name)
        print(context, options, place, renderPlace(place, 'founded'))
      }),
    [
      ['grid create lab', 'then: manyhands node'],
      ['grid create lab --state ~/grids/lab', 'beside a node on the open grid'],
    ],
  )
}

function addInvite(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('invite').summary('make an invitation'))
      .description(
        'Prints one line that lets whoever holds it join, until it expires. The first member with the role "invite" whom the ' +
          'newcomer meets confirms the membership, which then lasts longer than the invitation. Needs the running node.',
      )
      .option(
        '--role <role>',
        'what the newcomer may do: submit jobs, host units of others, invite; repeatable (default: submit, host)',
        collectRole,
      )
      .option(
        '--expires <duration>',
        'until when it can be used (default: 7d)',
        durationFrom('--expires'),
      )
      .option(
        '--member-for <duration>',
        'how long the membership lasts (default: 365d)',
        durationFrom('--member-for'),
      )
      .option('--for <peer>', 'for the node with this peer id alone', parsePeer)
      .option('--file <file>', 'write it to a file instead')
      .action((options: InviteOptions) => invite(context, options)),
    [
      ['grid invite', 'for a friend who submits and hosts'],
      ['grid invite --role host --expires 1d', 'for machines of a lab that only work'],
      [
        'grid invite --role submit --role host --role invite --for 12D3KooW...',
        'for one who brings others',
      ],
    ],
  )
}

interface InviteOptions extends Options {
  role?: Role[]
  expires?: number
  memberFor?: number
  for?: PeerId
  file?: string
}

async function invite(context: Context, options: InviteOptions): Promise<void> {
  const view = await withRunningNode(context, options, (node) =>
    node.invite({
      ...(options.role === undefined ? {} : { roles: options.role }),
      ...(options.expires === undefined ? {} : { forMs: options.expires }),
      ...(options.memberFor === undefined ? {} : { memberMs: options.memberFor }),
      ...(options.for === undefined ? {} : { peer: options.for }),
    }),
  )
  const { file } = options
  if (file !== undefined)
    // Whoever reads it can join.
    await writeFile(file, `${view.text}\n`, { mode: 0o600 }).catch((cause: unknown) => {
      throw new GridError('MH_FILE_NOT_FOUND', `--file: ${file} cannot be written`, {
        blame: 'user',
        hint: 'its folder must be there, and yours to write to',
        cause,
      })
    })
  print(context, options, view, renderInvitation(view, file))
}

function addJoin(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('join <invitation>').summary('join a private grid'))
      .description(
        'Takes an invitation, as text or as the name of a file that has it. The node must not be running; from its next start ' +
          'it is on that grid, and on no other.',
      )
      .action(async (given: string, options: Options) => {
        const text = given.startsWith('mhgrid') ? given : await readInvitation(given)
        const place = await joinGrid(stateDirectoryOf(options.state, context.env), text)
        print(context, options, place, renderPlace(place, 'joined'))
      }),
    [
      ['grid join mhgrid1-...', 'then: manyhands node'],
      ['grid join invitation.txt --state ~/grids/lab', 'from a file, for a node of its own'],
    ],
  )
}

function addMembers(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('members').summary('who belongs to the grid'))
      .description(
        'Members that the running node has met, what they may do, by whom they came, and who is revoked.',
      )
      .action((options: Options) =>
        withRunningNode(context, options, async (node) => {
          const view = await node.privateGrid()
          print(context, options, view, renderMembers(view, Date.now()))
        }),
      ),
    [['grid members', 'the last seen first']],
  )
}

function addRevoke(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('revoke <member>').summary('put a member out'))
      .description(
        'Puts out a member, or all who came by an invitation, and everybody whom they let in: at once on all nodes that can ' +
          'be reached, on the others when they come back. Works on the node that founded the grid, and on those above ' +
          'the revoked. It cannot be taken back; a new invitation to a new node can be given.',
      )
      .action((member: string, options: Options) =>
        withRunningNode(context, options, async (node) => {
          const view = await node.revoke(member)
          print(context, options, view, renderRevoked(view))
        }),
      ),
    [['grid revoke x4VjmKPt', 'the last characters that "grid members" shows, or the whole id']],
  )
}

function addLeave(grid: Command, context: Context): void {
  addExamples(
    withShared(grid.command('leave').summary('leave the grid'))
      .description(
        'Forgets the membership: from its next start the node is on the open grid. Where the grid was founded, its key is ' +
          'forgotten as well, for good. The node must not be running.',
      )
      .option('--yes', 'forget the key of a grid that was founded here')
      .action(async (options: Options & { yes?: boolean }) => {
        const state = stateDirectoryOf(options.state, context.env)
        const left = await leaveGrid(state, options.yes === true)
        print(
          context,
          options,
          left,
          `left the grid "${left.name}": this node is on the open grid from its next start`,
        )
      }),
    [['grid leave', 'then: manyhands node, on the open grid']],
  )
}

async function readInvitation(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GridError(
      'MH_USAGE',
      `"${file}" is neither an invitation nor a file that can be read`,
      {
        blame: 'user',
        hint: 'an invitation begins with mhgrid1-; copy the whole line',
        cause,
      },
    )
  })
}

/** @throws {GridError} MH_USAGE */
function collectRole(text: string, before: Role[] = []): Role[] {
  const role = roles.find((name) => name === text)
  if (role !== undefined) return [...before, role]
  const near = nearestOf(text, roles)
  throw new GridError('MH_USAGE', `--role: '${text}' is none of ${roles.join(', ')}`, {
    blame: 'user',
    hint: near === undefined ? 'for example --role host' : `did you mean ${near}?`,
  })
}

/** @throws {GridError} MH_USAGE */
function durationFrom(option: string): (text: string) => number {
  return (text) => {
    const ms = parseDurationMs(text)
    if (ms !== undefined && ms >= 60_000 && ms <= listMsMax) return ms
    throw new GridError('MH_USAGE', `${option}: '${text}' is no duration from 1min to 3653d`, {
      blame: 'user',
      hint: `for example ${option} 7d`,
    })
  }
}

/** @throws {GridError} MH_USAGE */
function parsePeer(text: string): PeerId {
  const parsed = peerIdSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new GridError('MH_USAGE', `--for: '${text}' is no peer id`, {
    blame: 'user',
    hint: 'the one who is invited finds it with "manyhands status": 12D3KooW...',
  })
}
