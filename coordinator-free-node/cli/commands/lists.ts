/** `deny`, `allow`, `lists`: whom the running node deals with, and whose work it does. */
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Command, Option } from 'commander'
import { GridError } from '../../protocol/errors.js'
import { listMsMax } from '../../protocol/gateway-api.js'
import { type PeerId, peerIdSchema } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import { type ListSubject, type ListVerdict, listSubjects } from '../../protocol/lists.js'
import { nearestOf } from '../../shell/suggest.js'
import { parseDurationMs } from '../../shell/volunteer/quantities.js'
import type { Context } from '../context.js'
import { entriesOf, renderEnlisted, renderImport, renderLists } from '../list-views.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { withRunningNode } from '../session.js'
import { readBytes } from '../task/task-file.js'

type Options = StateOption & JsonOption

const withShared = (command: Command) => addJsonOption(addStateOption(command))

function print<View>({ terminal }: Context, { json }: Options, view: View, text: string): void {
  terminal.print(json === true ? JSON.stringify(view) : text)
}

export function addListCommands(program: Command, context: Context): void {
  addVerdictCommand(program, context, 'deny')
  addVerdictCommand(program, context, 'allow')
  addListsCommand(program, context)
}

const words = {
  deny: {
    summary: 'keep a peer, subnet, owner or task out',
    description:
      'The running node deals no more with a peer or subnet, or takes no more work of an owner or task: at once, and ' +
      'after a restart. Open connections end, units that run for a denied owner go back, and leases of a denied host ' +
      'go to others.',
    examples: [
      [
        'deny peer 12D3KooWBmwk...kPt',
        'the whole id, or the last characters as "manyhands peers" shows them',
      ],
      ['deny subnet 203.0.113.0/24 --for 7d --note "floods adverts"', 'for a week, and why'],
      ['deny owner x4VjmKPt', 'its jobs are not hosted; it stays a neighbour'],
      ['lists remove 203.0.113.0/24', 'takes it back'],
    ],
  },
  allow: {
    summary: 'deal with the allowed only',
    description:
      'From the first that is allowed of a kind, the running node deals with nothing else of that kind: with allowed ' +
      'peers or subnets only, with work of allowed owners or tasks only. A denial beats it. When its time is over, ' +
      'the others stay out until the entry is removed.',
    examples: [
      ['allow owner 12D3KooWBmwk...kPt', 'work for this owner, and no other'],
      ['allow subnet 192.168.0.0/16', 'stay within the local network'],
    ],
  },
} as const

function addVerdictCommand(program: Command, context: Context, verdict: ListVerdict): void {
  const { summary, description, examples } = words[verdict]
  addExamples(
    withShared(
      program
        .command(verdict)
        .argument('<kind>', listSubjects.join(', '))
        .argument('<value>', 'peer id, address or block, hash of a task')
        .summary(summary)
        .description(description),
    )
      .option('--for <duration>', 'for so long (default: for good)', parseFor)
      .option('--note <text>', 'why, for yourself and for lists that you export')
      .action(
        async (kind: string, value: string, options: Options & { for?: number; note?: string }) => {
          const subject = parseSubject(kind)
          await withRunningNode(context, options, async (grid) => {
            const { for: forMs, note } = options
            const view = await grid.enlist({
              ...{ verdict, subject, value },
              ...(forMs === undefined ? {} : { forMs }),
              ...(note === undefined ? {} : { note }),
            })
            print(context, options, view, renderEnlisted(view))
          })
        },
      ),
    examples,
  )
}

function addListsCommand(program: Command, context: Context): void {
  const command = program
    .command('lists')
    .summary('whom and what this node lets in')
    .description(
      'Shows every entry of the running node and where it comes from, the lists of others that it imported, and whom ' +
        'they kept out. Imported lists can deny, never allow.',
    )
  addExamples(
    withShared(
      command
        .command('show', { isDefault: true })
        .argument('[name]', 'entries of this imported list')
        .summary('all entries; the default'),
    ).action((name: string | undefined, options: Options) =>
      withRunningNode(context, options, async (grid) => {
        const view = await grid.lists(name)
        print(context, options, view, renderLists(view))
      }),
    ),
    [
      ['lists', 'own entries, and a line for each imported list'],
      ['lists show campus', 'what the imported list "campus" denies'],
    ],
  )
  addRemove(command, context)
  addImport(command, context)
  addExport(command, context)
}

function addRemove(command: Command, context: Context): void {
  addExamples(
    withShared(
      command
        .command('remove')
        .argument('<what>', 'value of an entry, or name of an imported list')
        .summary('take an entry or a list back')
        .description(
          'Takes back what "deny" or "allow" said of a value, or an imported list. What options or the settings file ' +
            'say is changed there.',
        ),
    ).action((what: string, options: Options) =>
      withRunningNode(context, options, async (grid) => {
        const removed = await grid.delist(what)
        print(context, options, { removed }, `${entriesOf(removed)} removed: ${what}`)
      }),
    ),
    [
      ['lists remove 203.0.113.0/24', 'an entry of your own'],
      ['lists remove campus', 'an imported list'],
    ],
  )
}

function addImport(command: Command, context: Context): void {
  addExamples(
    withShared(
      command
        .command('import')
        .argument('<file>', 'a deny list; - reads standard input')
        .summary("take somebody's deny list in")
        .description(
          'Takes a list in, in the place of its earlier version. A wrong signature, an older version, or a signer ' +
            'other than the last one is refused; so is a list with a wrong line.',
        ),
    )
      .option('--signer <peer>', 'only if this peer signed it', parsePeer)
      .action((file: string, options: Options & { signer?: PeerId }) =>
        withRunningNode(context, options, async (grid) => {
          const { signer } = options
          const view = await grid.importList({
            text: await readText(file),
            label: file === '-' ? 'standard input' : basename(file).slice(0, 200),
            ...(signer === undefined ? {} : { signer }),
          })
          print(context, options, view, renderImport(view))
        }),
      ),
    [
      ['lists import campus.list', 'says how many entries it has, and who signed it'],
      ['lists import campus.list --signer 12D3KooW...', 'refuses what that peer has not signed'],
    ],
  )
}

function addExport(command: Command, context: Context): void {
  addExamples(
    withShared(
      command
        .command('export')
        .argument('<file>', 'where to; - writes to standard output')
        .summary('write what this node denies as a list for others')
        .description(
          'Writes the denials of options, settings file and commands, with notes and ends, but not those of imported ' +
            'lists.',
        ),
    )
      .option('--sign', "sign it with this node's key")
      .addOption(
        new Option('--name <name>', 'what the list is called').default(
          undefined,
          "the file's name without its end",
        ),
      )
      .action((file: string, options: Options & { sign?: boolean; name?: string }) =>
        withRunningNode(context, options, async (grid) => {
          const { sign = false, name = nameOf(file) } = options
          const { text, entries } = await grid.exportList({ name, sign })
          if (file === '-') return context.terminal.print(text.trimEnd())
          await write(file, text)
          const signed = sign ? `, signed by ${grid.peer}` : ''
          const view = { file, name, entries, signed: sign }
          print(context, options, view, `list ${name}: ${entriesOf(entries)} in ${file}${signed}`)
        }),
      ),
    [['lists export campus.list --sign', 'the list "campus", which others can trust to be yours']],
  )
}

function nameOf(file: string): string {
  return file === '-' ? 'shared' : basename(file).replace(/\.[A-Za-z]+$/, '')
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw new GridError('MH_FILE_NOT_FOUND', `cannot write to '${file}'`, {
      blame: 'user',
      hint: 'check that the folder is there and may be written to',
      cause,
    })
  }
}

async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file, 'FILE')
  if (bytes.length > limits.listBytesMax)
    throw new GridError(
      'MH_TOO_LARGE',
      `'${file}' has ${bytes.length} bytes, a list has at most ${limits.listBytesMax}`,
      { blame: 'user', hint: 'name subnets instead of single addresses, or cut the list in two' },
    )
  return new TextDecoder().decode(bytes)
}

/** @throws {GridError} MH_USAGE */
function parseSubject(text: string): ListSubject {
  const found = listSubjects.find((subject) => subject === text || `${subject}s` === text)
  if (found !== undefined) return found
  const near = nearestOf(text, listSubjects)
  throw new GridError('MH_USAGE', `'${text}' is none of ${listSubjects.join(', ')}`, {
    blame: 'user',
    hint: near === undefined ? 'for example: deny peer 12D3KooW...' : `did you mean ${near}?`,
  })
}

/** @throws {GridError} MH_USAGE */
function parseFor(text: string): number {
  const ms = parseDurationMs(text)
  if (ms !== undefined && ms >= 1_000 && ms <= listMsMax) return ms
  throw new GridError('MH_USAGE', `--for: '${text}' is no duration from 1s to 3653d`, {
    blame: 'user',
    hint: 'for example --for 12h or --for 7d',
  })
}

/** @throws {GridError} MH_USAGE */
function parsePeer(text: string): PeerId {
  const parsed = peerIdSchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new GridError('MH_USAGE', `--signer: '${text}' is no peer id`, {
    blame: 'user',
    hint: 'it begins with 12D3KooW; ask the author of the list for it',
  })
}
