import { describe, expect, test } from '@jest/globals'
import { exitCodeOf, reportFailure } from '../../../coordinator-free-node/cli/failure.js'
import {
  errorCodes,
  GridError,
  toErrorRecord,
} from '../../../coordinator-free-node/protocol/errors.js'
import { fakeTerminal, runCommand } from './fakes.js'

describe('failure', () => {
  test('is said in words, with what to do, and without a stack', () => {
    const terminal = fakeTerminal()
    const error = new GridError('MH_NO_NODE', 'no node runs here', {
      blame: 'user',
      hint: 'start one: manyhands node',
    })
    expect(reportFailure(error, terminal, false)).toBe(2)
    expect(terminal.remarks).toEqual([
      'error: no node runs here',
      'hint: start one: manyhands node',
    ])
    expect(terminal.out).toEqual([])
  })
  test('with --json is one line of JSON on stdout', () => {
    const terminal = fakeTerminal()
    reportFailure(new Error('surprise'), terminal, true)
    expect(terminal.out).toHaveLength(1)
    expect(JSON.parse(terminal.out[0]!)).toEqual({
      error: { code: 'MH_INTERNAL', message: 'surprise', blame: 'local', retryable: false },
    })
  })
  test('every code ends the command with 1 or 2', () => {
    for (const code of errorCodes) {
      const record = toErrorRecord(new GridError(code, 'x', { blame: 'local' }))
      expect([1, 2]).toContain(exitCodeOf(record))
    }
  })
  test('a job that failed is 1, bad input is 2', () => {
    const codeOf = (code: 'MH_JOB_FAILED' | 'MH_SCHEMA') =>
      exitCodeOf(toErrorRecord(new GridError(code, 'x', { blame: 'user' })))
    expect(codeOf('MH_JOB_FAILED')).toBe(1)
    expect(codeOf('MH_SCHEMA')).toBe(2)
  })
})

describe('arguments', () => {
  test('an unknown option is named, with the nearest that there is', async () => {
    const { terminal, exitCode } = await runCommand(['node', '--prot', '4001'])
    expect(exitCode).toBe(2)
    expect(terminal.remarks).toEqual([
      "error: unknown option '--prot'",
      'hint: did you mean --port?',
    ])
  })
  test('an unknown command is named, with the nearest that there is', async () => {
    const { terminal, exitCode } = await runCommand(['stauts'])
    expect(exitCode).toBe(2)
    expect(terminal.remarks).toEqual([
      "error: unknown command 'stauts'",
      'hint: did you mean status?',
    ])
  })
  test.each([
    [['node', '--port', '70000'], '--port'],
    [['node', '--port', 'http'], '--port'],
    [['node', '--cpus', '-1'], '--cpus'],
    [['node', '--log', 'loud'], '--log'],
    [['run', 'x', '--quorum', '0'], '--quorum'],
    [['run', 'x', '--quorum', '2.5'], '--quorum'],
    [['sim', 'liar', '--seed', 'x'], '--seed'],
    [['show'], 'job'],
    [['show', 'abcd', 'more'], 'too many arguments'],
  ])('%j is refused with 2 and names what is wrong', async (args, named) => {
    const { terminal, exitCode } = await runCommand(args)
    expect(exitCode).toBe(2)
    expect(terminal.remarks.join('\n')).toContain(named)
    expect(terminal.remarks.join('\n')).not.toMatch(/ {4}at /)
  })
})

describe('help', () => {
  const names = [
    ...['node', 'run', 'jobs', 'show', 'why', 'wait', 'cancel', 'peers', 'status'],
    ...['demo', 'doctor', 'sim', 'tasks'],
  ]
  test.each(names)('%s --help has examples and ends with 0', async (name) => {
    const { terminal, exitCode } = await runCommand([name, '--help'])
    expect(exitCode).toBe(0)
    expect(terminal.out.join('\n')).toContain(`$ manyhands ${name}`)
  })
  test('the option for lying is not in it', async () => {
    const { terminal } = await runCommand(['node', '--help'])
    expect(terminal.out.join('\n')).not.toContain('--lie-rate')
  })
  test('--version prints the version of package.json', async () => {
    const { terminal, exitCode } = await runCommand(['--version'])
    expect(exitCode).toBe(0)
    expect(terminal.out).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+/)])
  })
})
