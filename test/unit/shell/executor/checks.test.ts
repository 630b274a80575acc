/** A kernel's own `check` in the runtimes: what it is given, and what its answers become. */
import { describe, expect, test } from '@jest/globals'
import wabtModule from 'wabt'
import { guardModule } from '../../../../coordinator-free-node/guard/guard.js'
import {
  type Claim,
  packClaim,
  unpackClaim,
} from '../../../../coordinator-free-node/shell/executor/claim.js'
import { loadJsEngine } from '../../../../coordinator-free-node/shell/executor/js-engine.js'
import { createJsRuntime } from '../../../../coordinator-free-node/shell/executor/js-runtime.js'
import { runWasm } from '../../../../coordinator-free-node/shell/executor/wasm-runtime.js'

const utf8 = new TextEncoder()
const nothing = new Uint8Array()
const claimOf = (input: string, output: string, kind: Claim['kind'] = 'done'): Claim => ({
  kind,
  input: utf8.encode(input),
  output: utf8.encode(output),
})

test('a claim travels as bytes', () => {
  for (const claim of [claimOf('in', 'out'), claimOf('', 'out', 'hit'), claimOf('in', '')])
    expect(unpackClaim(packClaim(claim))).toEqual(claim)
})

describe('the check of a module', () => {
  /** Doubles each byte of its input; checks that the result is as long and its first byte right. */
  const source = (check: string) => `(module
    (import "grid" "input_size" (func $input_size (result i32)))
    (import "grid" "input_read" (func $input_read (param i32)))
    (import "grid" "result_size" (func $result_size (result i32)))
    (import "grid" "result_read" (func $result_read (param i32)))
    (memory (export "memory") 1)
    (func (export "run") (result i32) call $result_size)
    ${check})`
  const check = `(func (export "check") (result i32)
    i32.const 0 call $input_read
    i32.const 64 call $result_read
    call $input_size call $result_size i32.eq
    i32.const 0 i32.load8_u i32.const 2 i32.mul i32.const 64 i32.load8_u i32.eq
    i32.and)`
  const run = async (text: string, claim?: Claim) => {
    const wabt = await wabtModule()
    const module = wabt.parseWat('check.wat', text)
    const bytes = module.toBinary({}).buffer
    const guarded = guardModule(bytes, { memoryBytesMax: 1 << 20 }).module
    const outcome = runWasm({
      module: new WebAssembly.Module(new Uint8Array(guarded)),
      input: claim?.input ?? nothing,
      params: nothing,
      random: () => {},
      claim,
    })
    const words = 'output' in outcome ? new TextDecoder().decode(outcome.output) : ''
    return `${outcome.kind} ${words}`.trim()
  }

  test('reads the claimed result and says yes or no', async () => {
    expect(await run(source(check), claimOf('\u0004', '\u0008'))).toBe('hit')
    expect(await run(source(check), claimOf('\u0004', '\u0009'))).toBe('done')
    expect(await run(source(check), claimOf('\u0004', ''))).toBe('done')
  })

  test('is missed by name, and where it has another type', async () => {
    const missing = 'trap the module exports no function "check" () -> i32'
    expect(await run(source(''), claimOf('a', 'b'))).toBe(missing)
    expect(await run(source('(func (export "check"))'), claimOf('a', 'b'))).toBe(missing)
  })

  test('leaves run without a result to read', async () => {
    expect(await run(source(check))).toBe('done')
  })
})

describe('the check of a source', () => {
  const verify = async (source: string, claim: Claim) => {
    const runtime = createJsRuntime(await loadJsEngine())
    const outcome = await runtime.verify({
      source,
      inputs: 'list',
      input: claim.input,
      params: nothing,
      random: () => {},
      memoryBytesMax: 1 << 22,
      outputBytesMax: 1 << 20,
      claim,
    })
    const words = 'output' in outcome ? new TextDecoder().decode(outcome.output) : ''
    return `${outcome.kind} ${words}`.trim()
  }
  const program = (check: string) =>
    `({ run: ({ input }) => ({ value: input * 2 }), check: ${check} })`
  const doubles = program('({ input }, { hit, value }) => !hit && value === input * 2')

  test('is given the unit and the decoded result', async () => {
    expect(await verify(doubles, claimOf('2', '4'))).toBe('hit')
    expect(await verify(doubles, claimOf('2', '5'))).toBe('done')
    expect(await verify(doubles, claimOf('2', '4', 'hit'))).toBe('done')
  })

  test('refuses by itself what is no value at all', async () => {
    expect(await verify(program('() => true'), claimOf('2', '\u0000nonsense'))).toBe('done')
  })

  test('has to be there, and to answer true or false', async () => {
    expect(await verify('({ input }) => ({ value: 1 })', claimOf('2', '4'))).toMatch(
      /^trap the task has no check/,
    )
    expect(await verify(program('() => 1'), claimOf('2', '4'))).toBe(
      'trap check must return true or false',
    )
    expect(await verify(program('() => null.x'), claimOf('2', '4'))).toMatch(/^trap TypeError/)
  })
})
