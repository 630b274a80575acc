/**
 * The operator's lists, kept: what commands said and what was imported, on disk before it holds. The gate in the core
 * judges by them; here they are checked, bounded, replaced and shown.
 *
 * | key | value |
 * | --- | --- |
 * | `list/command` | entries of `deny` and `allow` |
 * | `list/from/NAME` | an imported list |
 */
import { z } from 'zod'
import type { ListSource } from '../../core/membership/gate.js'
import type { Store } from '../../ports/store.js'
import { decode, encode } from '../../protocol/codec.js'
import { GridError, isGridError } from '../../protocol/errors.js'
import { type PeerId, peerIdSchema } from '../../protocol/ids.js'
import { limits } from '../../protocol/limits.js'
import type {
  ImportedListView,
  ListedView,
  ListOrigin,
  ListsView,
} from '../../protocol/list-views.js'
import { type ListEntry, listEntrySchema, listNameSchema } from '../../protocol/lists.js'
import { keyOf } from '../journal.js'
import type { Mail } from '../mail.js'
import { under } from '../store-keys.js'
import { formatListFile, parseListFile } from './list-file.js'

const importedSchema = z.object({
  name: listNameSchema,
  signer: peerIdSchema.optional(),
  updatedMs: z.number().optional(),
  importedMs: z.number(),
  entries: z.array(listEntrySchema),
})
type ImportedList = z.infer<typeof importedSchema>

/** Sources of the gate by their names. */
const ofCommand = 'command'
const ofList = (name: string) => `list ${name}`

export interface ListBookOptions {
  store: Store
  mail: Mail
  /** Of options and settings file. */
  given: Readonly<Record<string, ListSource>>
  nowMs(): number
}

/** What holds from now on, of one source. */
export interface ListChange {
  source: string
  list: ListSource | undefined
}

export interface ImportedChange {
  change: ListChange
  list: ImportedListView
  /** Entries of its earlier version. */
  replaced: number | undefined
}

export class ListBook {
  readonly #options: ListBookOptions
  readonly #imported = new Map<string, ImportedList>()
  #commanded: ListEntry[] = []
  /** Changes wait for each other: each begins with what the last one left. */
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: ListBookOptions) {
    this.#options = options
  }

  /** Reads back what earlier lives were told. */
  async load(): Promise<void> {
    const { store } = this.#options
    const kept = await store.get(keyOf.ownList)
    if (kept !== undefined)
      this.#commanded = decode(
        kept,
        z.array(listEntrySchema),
        'the stored lists',
        limits.localValuesMax,
      )
    for await (const [key, value] of store.scan(under('list/from'))) {
      const list = decode(value, importedSchema, `the stored ${key}`, limits.localValuesMax)
      this.#imported.set(list.name, list)
    }
  }

  /** Everything, for the start. */
  sources(): Record<string, ListSource> {
    const sources: Record<string, ListSource> = { ...this.#options.given }
    if (this.#commanded.length > 0) sources[ofCommand] = { entries: this.#commanded }
    for (const [name, { entries }] of this.#imported) sources[ofList(name)] = { entries }
    return sources
  }

  /** @throws {GridError} MH_TOO_MANY */
  add(entry: ListEntry): Promise<ListChange> {
    return this.#afterLast(() => this.#add(entry))
  }

  async #add(entry: ListEntry): Promise<ListChange> {
    // What has run out says nothing any more; but an allowance that has still keeps others out.
    const lasting = this.#commanded.filter(
      (one) => one.verdict === 'allow' || (one.untilMs ?? Infinity) > this.#options.nowMs(),
    )
    const others = lasting.filter((one) => !isSame(one, entry))
    if (others.length >= limits.listEntriesMax)
      throw tooMany(`${others.length} entries`, 'remove some, or put addresses together as subnets')
    return await this.#command([...others, entry])
  }

  /**
   * Takes back entries that commands made, or an imported list.
   *
   * @param what  name of a list, or the value of entries
   * @throws {GridError} MH_USAGE when there is nothing of that name
   */
  remove(what: string): Promise<{ change: ListChange; removed: number }> {
    return this.#afterLast(() => this.#remove(what))
  }

  async #remove(what: string): Promise<{ change: ListChange; removed: number }> {
    const list = this.#imported.get(what)
    if (list !== undefined) {
      await this.#options.store.write([{ type: 'delete', key: keyOf.importedList(what) }])
      this.#imported.delete(what)
      return { change: { source: ofList(what), list: undefined }, removed: list.entries.length }
    }
    const left = this.#commanded.filter(({ value }) => value !== what)
    const removed = this.#commanded.length - left.length
    if (removed === 0) throw this.#unknown(what)
    return { change: await this.#command(left), removed }
  }

  /**
   * Takes a list in, in the place of its earlier version.
   *
   * @param signer  who must have signed it
   * @throws {GridError} MH_USAGE, MH_BAD_SIGNATURE, MH_TOO_LARGE, MH_TOO_MANY
   */
  import(text: string, label: string, signer: PeerId | undefined): Promise<ImportedChange> {
    return this.#afterLast(() => this.#import(text, label, signer))
  }

  async #import(text: string, label: string, signer: PeerId | undefined): Promise<ImportedChange> {
    const { list, signed } = parseListFile(text, label)
    const { mail, nowMs, store } = this.#options
    if (signed !== undefined) verify(mail, label, signed)
    const before = this.#imported.get(list.name)
    checkSigner(label, signed?.signer, signer, before)
    if (before !== undefined) checkAge(label, list.updatedMs, before)
    else if (this.#imported.size >= limits.importedListsMax)
      throw tooMany(`${this.#imported.size} lists`, 'remove one: manyhands lists remove NAME')
    const kept: ImportedList = {
      ...list,
      ...(signed === undefined ? {} : { signer: signed.signer }),
      importedMs: nowMs(),
    }
    const key = keyOf.importedList(list.name)
    await store.write([{ type: 'put', key, value: encode(kept) }])
    this.#imported.set(list.name, kept)
    const change: ListChange = { source: ofList(list.name), list: { entries: list.entries } }
    return { change, list: importedView(kept, nowMs()), replaced: before?.entries.length }
  }

  /** What this node's own operator denies, as a file for others. */
  export(name: string, signer: PeerId | undefined): { text: string; entries: number } {
    const { given, mail, nowMs } = this.#options
    const all = [...Object.values(given).flatMap(({ entries }) => entries), ...this.#commanded]
    const byKey = new Map<string, ListEntry>()
    for (const entry of all)
      if (entry.verdict === 'deny' && (entry.untilMs ?? Infinity) > nowMs())
        byKey.set(`${entry.subject} ${entry.value}`, entry)
    const entries = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
    const signing = signer && {
      signer,
      sign: (body: Uint8Array) => mail.seal('deny-list', body).signature,
    }
    const text = formatListFile({ name, updatedMs: nowMs(), entries }, signing)
    return { text, entries: entries.length }
  }

  /** @param name  an imported list whose entries are wanted; undefined: all but those of imported lists */
  view(name: string | undefined): Omit<ListsView, 'kept'> {
    const { given, nowMs } = this.#options
    const views = (entries: readonly ListEntry[], origin: ListOrigin, list?: string) =>
      entries.map((entry) => viewOf(entry, origin, list, nowMs()))
    const wanted = name === undefined ? undefined : this.#imported.get(name)
    if (name !== undefined && wanted === undefined) throw this.#noList(name)
    const entries =
      wanted === undefined
        ? [
            ...views(given.option?.entries ?? [], 'option'),
            ...views(given.file?.entries ?? [], 'file'),
            ...views(this.#commanded, 'command'),
          ]
        : views(wanted.entries, 'list', wanted.name)
    const closed = new Set(Object.values(given).flatMap(({ only }) => only ?? []))
    for (const { verdict, subject } of this.#commanded) if (verdict === 'allow') closed.add(subject)
    return {
      entries,
      only: [...closed],
      lists: [...this.#imported.values()].map((list) => importedView(list, nowMs())),
    }
  }

  #afterLast<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(work)
    this.#lastChange = done.catch(() => {})
    return done
  }

  async #command(entries: ListEntry[]): Promise<ListChange> {
    await this.#options.store.write([{ type: 'put', key: keyOf.ownList, value: encode(entries) }])
    this.#commanded = entries
    return { source: ofCommand, list: entries.length === 0 ? undefined : { entries } }
  }

  #noList(name: string): GridError {
    const names = [...this.#imported.keys()].join(', ')
    return new GridError('MH_USAGE', `there is no imported list '${name}'`, {
      blame: 'user',
      hint: names === '' ? 'none was imported' : `imported lists: ${names}`,
    })
  }

  #unknown(what: string): GridError {
    const given = Object.entries(this.#options.given).find(([, { entries }]) =>
      entries.some(({ value }) => value === what),
    )
    const where = given?.[0] === 'file' ? 'the settings file' : 'an option of the node'
    const names = [...this.#imported.keys()].join(', ')
    return new GridError('MH_USAGE', `no command or imported list says '${what}'`, {
      blame: 'user',
      hint:
        given === undefined
          ? `"manyhands lists" shows all entries${names === '' ? '' : `; imported lists: ${names}`}`
          : `${where} does: change it there and start the node again`,
    })
  }
}

function importedView(list: ImportedList, nowMs: number): ImportedListView {
  const { name, signer, updatedMs, importedMs, entries } = list
  const current = entries.filter(({ untilMs = Infinity }) => untilMs > nowMs).length
  return { name, signer, updatedMs, importedMs, entries: entries.length, current }
}

function isSame(a: ListEntry, b: ListEntry): boolean {
  return a.subject === b.subject && a.verdict === b.verdict && a.value === b.value
}

function viewOf(
  { subject, verdict, value, note, untilMs }: ListEntry,
  origin: ListOrigin,
  list: string | undefined,
  nowMs: number,
): ListedView {
  const endsInMs = untilMs === undefined ? undefined : untilMs - nowMs
  return { subject, verdict, value, note, endsInMs, origin, list }
}

function verify(
  mail: Mail,
  label: string,
  signed: { signer: PeerId; body: Uint8Array; signature: Uint8Array },
): void {
  try {
    mail.open('deny-list', signed)
  } catch (cause) {
    if (!isGridError(cause)) throw cause
    throw new GridError('MH_BAD_SIGNATURE', `${label}: this is not what ${signed.signer} signed`, {
      blame: 'user',
      hint: 'it was changed afterwards, or somebody else wrote it; fetch it again from its author',
      cause,
    })
  }
}

/** Who once signed a list goes on signing it: nobody else replaces it under its name. */
function checkSigner(
  label: string,
  signer: PeerId | undefined,
  wanted: PeerId | undefined,
  before: ImportedList | undefined,
): void {
  const said = signer === undefined ? 'nobody signed it' : `${signer} signed it`
  if (wanted !== undefined && signer !== wanted)
    throw new GridError('MH_BAD_SIGNATURE', `${label}: ${said}, not ${wanted}`, {
      blame: 'user',
      hint: 'fetch it again from its author, or leave --signer out to take it as it is',
    })
  if (before?.signer === undefined || signer === before.signer) return
  throw new GridError(
    'MH_BAD_SIGNATURE',
    `${label}: ${said}, the list here is of ${before.signer}`,
    {
      blame: 'user',
      hint: `if that is right: manyhands lists remove ${before.name}, then import it again`,
    },
  )
}

function checkAge(label: string, updatedMs: number | undefined, before: ImportedList): void {
  if (before.updatedMs === undefined || (updatedMs ?? 0) >= before.updatedMs) return
  throw new GridError('MH_USAGE', `${label} is older than the version of the list that is here`, {
    blame: 'user',
    hint: `to go back to it: manyhands lists remove ${before.name}, then import it again`,
  })
}

function tooMany(what: string, hint: string): GridError {
  return new GridError('MH_TOO_MANY', `this node keeps ${what} already`, { blame: 'user', hint })
}
