import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import {
  componentLinesPerSecond,
  kindLinesPerSecond,
  LineRate,
} from '../../../../coordinator-free-node/shell/telemetry/line-rate.js'
import {
  type LogOptions,
  openLog,
  renderLine,
} from '../../../../coordinator-free-node/shell/telemetry/log.js'
import { LogFile } from '../../../../coordinator-free-node/shell/telemetry/log-file.js'

function logging(options: LogOptions = { log: 'info' }) {
  const lines: string[] = []
  let atMs = 0
  const log = openLog(options, { write: (line) => lines.push(line) }, () => atMs)
  return {
    log,
    lines,
    objects: () => lines.map((line) => JSON.parse(line)),
    pass: (ms: number) => {
      atMs += ms
    },
  }
}

describe('log', () => {
  test('is one JSON object a line, with level, time, component and fields', () => {
    const { log, objects } = logging()
    log.overlay.info({ peer: '12D3KooWa' }, 'neighbour joined')
    log.node.warn('a word of warning')
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(objects()).toEqual([
      { level: 'info', time, component: 'overlay', peer: '12D3KooWa', msg: 'neighbour joined' },
      { level: 'warn', time, component: 'node', msg: 'a word of warning' },
    ])
  })

  test.each([
    [{}, []],
    [{ log: 'silent' }, []],
    [{ log: 'error' }, ['error']],
    [{ log: 'info' }, ['error', 'warn', 'info']],
    [{ log: 'debug' }, ['error', 'warn', 'info', 'debug']],
    [{ logFile: '/nowhere' }, ['error', 'warn', 'info']],
  ] as const)('%j lets %j through', (options, levels) => {
    const { log, objects } = logging(options)
    for (const level of ['error', 'warn', 'info', 'debug'] as const) log.jobs[level](level)
    expect(objects().map(({ level }) => level)).toEqual(levels)
  })

  test('what peers said is written out and cut', () => {
    const { log, objects } = logging()
    const said = '\u001b[2Jall is well\u202e\u009b31m\n{"level":"error"}'
    log.overlay.warn({ reason: said, long: 'x'.repeat(10_000) }, `bad ${said} %s %o`)
    const [line] = objects()
    const harmless = '\\u{1b}[2Jall is well\\u{202e}\\u{9b}31m {"level":"error"}'
    expect(line).toMatchObject({ reason: harmless, msg: `bad ${harmless} %s %o` })
    expect(line.long).toHaveLength(500)
  })

  test('secrets and parameters are left out', () => {
    const { log, lines } = logging()
    log.gateway.info(
      { token: 'hush', privateKey: 'hush', params: { a: 'hush' }, input: 'hush', peer: 'b' },
      'said',
    )
    expect(lines[0]).not.toContain('hush')
    expect(lines[0]).toContain('"peer":"b"')
  })

  test('repetition is bounded, and what was left out is counted', () => {
    jest.useFakeTimers()
    try {
      const { log, objects, pass } = logging()
      for (let i = 0; i < 1_244; i++) log.overlay.warn({ i }, 'bad message')
      log.overlay.warn('something else')
      expect(objects()).toHaveLength(kindLinesPerSecond + 1)
      jest.advanceTimersByTime(1_000)
      expect(objects().at(-1)).toMatchObject({
        component: 'overlay',
        lines: 1_234,
        msg: 'left out 1234 more lines like "bad message"',
      })
      pass(1_000)
      log.overlay.warn('bad message')
      expect(objects().at(-1)).toMatchObject({ msg: 'bad message' })
      log.close()
    } finally {
      jest.useRealTimers()
    }
  })

  test('closing says what was left out', () => {
    const { log, objects } = logging()
    for (let i = 0; i < 11; i++) log.jobs.info('again')
    log.close()
    expect(objects().at(-1)).toMatchObject({ level: 'warn', lines: 1 })
  })

  test('a line for people has the local time, level, component, words and fields', () => {
    const { log, lines } = logging()
    log.overlay.warn({ peer: '12D3KooWa', reason: 'not a message' }, 'bad message')
    expect(renderLine(lines[0] ?? '')).toMatch(
      /\d\d:\d\d:\d\d warn {2}overlay: bad message peer=12D3KooWa reason="not a message"\n$/,
    )
  })
})

describe('line rate', () => {
  test('texts that never repeat are bounded by component, and cost no memory', () => {
    const rate = new LineRate()
    let admitted = 0
    for (let i = 0; i < 10_000; i++) if (rate.admit('overlay', `text ${i}`, 0)) admitted++
    expect(admitted).toBe(componentLinesPerSecond)
    expect(rate.admit('jobs', 'other', 0)).toBe(true)
    expect(rate.takeLeftOut()).toEqual([
      { component: 'overlay', text: undefined, lines: 10_000 - componentLinesPerSecond },
    ])
    expect(rate.takeLeftOut()).toEqual([])
  })

  test('a clock that is set back silences nothing', () => {
    const rate = new LineRate()
    for (let i = 0; i < 20; i++) rate.admit('node', 'a', 1_000_000)
    expect(rate.admit('node', 'a', 5)).toBe(true)
  })
})

describe('log file', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'log-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('keeps one predecessor, and both stay below the bound', async () => {
    const file = path.join(directory, 'node.log')
    const log = new LogFile(file, 1_000)
    for (let i = 0; i < 100; i++) log.write(`${String(i).padStart(99, '0')}\n`)
    log.close()
    expect((await readdir(directory)).sort()).toEqual(['node.log', 'node.log.1'])
    const kept = [`${file}.1`, file].map(async (name) => {
      expect((await stat(name)).size).toBeLessThanOrEqual(1_000)
      expect((await stat(name)).mode & 0o077).toBe(0)
      return await readFile(name, 'utf8')
    })
    const lines = (await Promise.all(kept)).join('').trimEnd().split('\n').map(Number)
    expect(lines).toEqual(Array.from({ length: lines.length }, (_, i) => 100 - lines.length + i))
  })

  test('goes on where the last life of the node ended', async () => {
    const file = path.join(directory, 'node.log')
    for (const line of ['one\n', 'two\n']) {
      const log = openLog({ logFile: file })
      log.node.info(line)
      log.close()
    }
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(2)
  })

  test('a file that cannot be written is a fault of the option', () => {
    const open = () => openLog({ logFile: path.join(directory, 'none', 'node.log') })
    expect(open).toThrow(expect.objectContaining({ code: 'MH_USAGE', blame: 'user' }))
    expect(open).toThrow(/--log-file/)
  })
})
