/**
 * The node's log: one JSON object a line, or text where a person looks on. Every component has a logger of its own; what
 * peers said is written out and cut, what is secret is left out, and repetition is bounded (line-rate.ts).
 */
import { type Logger, type LoggerOptions, pino } from 'pino'
import { limits } from '../../protocol/limits.js'
import { plainLine } from '../plain-text.js'
import { LineRate } from './line-rate.js'
import { LogFile } from './log-file.js'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** The parts of a node that say something, and what they speak about. */
export const logComponents = {
  node: 'its start and stop, and what it set right',
  overlay: 'connections, neighbours and what they did wrong',
  gateway: 'clients of this machine',
  executor: 'processes and threads that run units',
  jobs: 'its own jobs and those that it hosts',
  store: 'the disk',
  grid: 'membership in a private grid',
} as const
export type LogComponent = keyof typeof logComponents

export type NodeLog = Readonly<Record<LogComponent, Logger>> & {
  /** Says what was left out, and lets go of the file. */
  close(): void
}

export interface LogOptions {
  /** @default info when there is a file, silent otherwise */
  log?: LogLevel | undefined
  logFile?: string | undefined
}

/** Where lines go, each with its end. */
export interface LogSink {
  write(line: string): void
  close?(): void
}

/** How long after a line was left out their number is said. */
const leftOutMs = 1_000

/**
 * Opens the log of a node.
 *
 * @param sink  what takes the lines; by default the file, else standard error, in text when that is a terminal
 * @throws {GridError} MH_USAGE when the file cannot be written
 * @example
 * const log = openLog({ log: 'info' })
 * log.overlay.info({ peer }, 'neighbour joined')
 * log.close()
 */
export function openLog(options: LogOptions, sink?: LogSink, nowMs = Date.now): NodeLog {
  const level = options.log ?? (options.logFile === undefined ? 'silent' : 'info')
  const out = sink ?? sinkOf(level, options.logFile)
  const rate = new LineRate()
  let timer: NodeJS.Timeout | undefined
  const sayLeftOut = () => {
    timer = undefined
    for (const { component, text, lines } of rate.takeLeftOut()) {
      const of = text === undefined ? 'of various kinds' : `like "${text}"`
      plain[component as LogComponent].warn({ lines }, `left out ${lines} more lines ${of}`)
    }
  }
  const admit = (component: LogComponent, text: string) => {
    if (rate.admit(component, text, nowMs())) return true
    timer ??= setTimeout(sayLeftOut, leftOutMs).unref()
    return false
  }
  const names = Object.keys(logComponents) as LogComponent[]
  const loggers = (pick: (name: LogComponent) => LoggerOptions) =>
    Object.fromEntries(names.map((name) => [name, pino(pick(name), out)])) as Record<
      LogComponent,
      Logger
    >
  const plain = loggers((component) => settingsOf(component, level, () => true))
  const bounded = loggers((component) => settingsOf(component, level, admit))
  return {
    ...bounded,
    close() {
      clearTimeout(timer)
      sayLeftOut()
      out.close?.()
    },
  }
}

function settingsOf(
  component: LogComponent,
  level: LogLevel,
  admit: (component: LogComponent, text: string) => boolean,
): LoggerOptions {
  return {
    level,
    base: { component },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: harmlessFields },
    hooks: {
      logMethod(args, method) {
        const given: unknown[] = [...args]
        const last = given.at(-1)
        const text = typeof last === 'string' ? plainLine(last, limits.textCharsMax) : ''
        if (typeof last === 'string') given[given.length - 1] = text
        // One string is a text with nothing to fill in: a stranger's "%s" stays what it is.
        if (admit(component, text)) method.apply(this, given as Parameters<typeof method>)
      },
    },
  }
}

/** Fields whose value nobody should read in a log, whoever put it there. */
const secret = /token|secret|privatekey|password|^params$|^inputs?$|^invitation$/i

function harmlessFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      secret.test(name) ? '[left out]' : harmlessValue(value),
    ]),
  )
}

function harmlessValue(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (value === undefined) return undefined
  const text = typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value)
  return plainLine(text, limits.textCharsMax)
}

function sinkOf(level: LogLevel, file: string | undefined): LogSink {
  if (level === 'silent') return { write() {} }
  if (file !== undefined) return new LogFile(file)
  const stderr = pino.destination({ dest: 2, sync: true })
  if (process.stderr.isTTY !== true) return stderr
  return { write: (line) => stderr.write(renderLine(line)) }
}

/** Above the line that a command may be rewriting there. */
const clearLine = '\r\u001b[2K'

/**
 * A line of the log for people: local time, level, component, what happened, to whom.
 *
 * @param line  as the logger wrote it
 */
export function renderLine(line: string): string {
  const { level, time, component, msg = '', ...fields } = JSON.parse(line) as Record<string, string>
  const at = new Date(time ?? 0).toLocaleTimeString('sv-SE')
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${quoted(value)}`)
  const words = [at, String(level).padEnd(5), `${component}:`, msg, ...pairs]
  return `${clearLine}${words.filter((word) => word !== '').join(' ')}\n`
}

function quoted(value: unknown): string {
  const text = String(value)
  return /^[\w./:+-]+$/.test(text) ? text : JSON.stringify(text)
}
