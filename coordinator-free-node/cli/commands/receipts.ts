/** `receipts`: what stewards signed for this node's work; and the check of such a file, by anybody, anywhere. */
import { readFile, stat, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { GridError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { exitCodes } from '../failure.js'
import { countOf } from '../format.js'
import {
  addExamples,
  addJsonOption,
  addStateOption,
  type JsonOption,
  type StateOption,
} from '../options.js'
import { renderCheck, renderReceipts, sumReceipts } from '../receipts.js'
import { withRunningNode } from '../session.js'

interface Options extends StateOption, JsonOption {
  export?: string
  verify?: string
}

/** Files of some 70,000 receipts: more than several nodes keep. */
const fileBytesMax = 64 * 1024 * 1024

export function addReceiptsCommand(program: Command, context: Context): void {
  const command = program
    .command('receipts')
    .summary('signed statements that others accepted our work')
    .description(
      'Lists the receipts that the running node holds: what the stewards of jobs signed for the units that this machine ' +
        'computed and they accepted. With --verify checks a file of receipts, without a node and without the network.',
    )
    .option('--export <file>', 'write them to a file that anybody can check')
    .option(
      '--verify <file>',
      'check a file: each signature, nothing twice; 1 when a line is wrong',
    )
    .action((options: Options) => receipts(context, options))
  addExamples(addJsonOption(addStateOption(command)), [
    ['receipts', 'a line for each job that this machine worked on'],
    ['receipts --export mine.receipts', 'one receipt a line, to keep or to show'],
    [
      'receipts --verify mine.receipts',
      'sums by steward and host; says which line is wrong, and why',
    ],
  ])
}

async function receipts(context: Context, options: Options): Promise<void> {
  if (options.export !== undefined && options.verify !== undefined)
    throw new GridError('MH_USAGE', '--export and --verify exclude each other', {
      blame: 'user',
      hint: 'export first: manyhands receipts --export FILE',
    })
  if (options.verify !== undefined) await verify(context, options.verify, options.json === true)
  else await list(context, options)
}

async function list(context: Context, options: Options): Promise<void> {
  const { terminal } = context
  const held = await withRunningNode(context, options, (grid) => grid.receipts())
  const { export: path, json } = options
  if (path === undefined) {
    terminal.print(json === true ? JSON.stringify({ receipts: held }) : renderReceipts(held))
    return
  }
  await writeFile(path, held.map(({ line }) => `${line}\n`).join('')).catch((cause: unknown) => {
    throw new GridError('MH_FILE_NOT_FOUND', `--export: ${path} cannot be written`, {
      blame: 'user',
      hint: 'its folder must be there, and yours to write to',
      cause,
    })
  })
  terminal.print(
    json === true
      ? JSON.stringify({ exported: held.length, file: path })
      : `${countOf(held.length, 'receipt')} in ${path}; check with: manyhands receipts --verify ${path}`,
  )
}

async function verify(context: Context, path: string, json: boolean): Promise<void> {
  const { checkReceipts } = await import('../../shell/receipt-file.js')
  const { receipts, refused } = checkReceipts(await readText(path))
  const ok = refused.length === 0
  if (!ok) context.setExitCode(exitCodes.failed)
  const totals = sumReceipts(receipts)
  context.terminal.print(
    json ? JSON.stringify({ ok, totals, receipts, refused }) : renderCheck(totals, refused),
  )
}

async function readText(path: string): Promise<string> {
  try {
    if ((await stat(path)).size <= fileBytesMax) return await readFile(path, 'utf8')
  } catch (cause) {
    throw new GridError('MH_FILE_NOT_FOUND', `--verify: ${path} cannot be read`, {
      blame: 'user',
      hint: 'name a file that "manyhands receipts --export FILE" wrote',
      cause,
    })
  }
  throw new GridError('MH_TOO_LARGE', `--verify: ${path} has more than 64 MiB`, {
    blame: 'user',
    hint: 'cut it between lines: every part can be checked by itself',
  })
}
