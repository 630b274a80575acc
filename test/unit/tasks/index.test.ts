import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { taskDescriptorSchema } from '../../../coordinator-free-node/protocol/task-bundle.js'
import * as tasks from '../../../tasks/index.js'
import { loadKernel } from './kernel-host.js'

const all = [...Object.values(tasks.builtInTasks), tasks.hashTree([])]

describe('built-in tasks', () => {
  test('are listed under their names', () => {
    expect(Object.keys(tasks.builtInTasks)).toEqual([
      'hash-search',
      'mandelbrot',
      'monte-carlo-pi',
      'noop',
      'word-count',
    ])
    for (const [name, task] of Object.entries(tasks.builtInTasks)) expect(task.name).toBe(name)
  })

  test.each(all.map((task) => [task.name, task] as const))('%s can travel', (name, task) => {
    expect(tasks.isTask(task)).toBe(true)
    const { tier } = task.kernel
    const descriptor = { name, tier, unitMsMax: 60_000, unitMemoryBytesMax: 2 ** 26 }
    expect(taskDescriptorSchema.parse(descriptor)).toEqual(descriptor)
  })

  test.each(all.map((task) => [task.name, task] as const))(
    '%s explains every parameter',
    (_name, task) => {
      const { properties } = z.toJSONSchema(task.params, { io: 'input', unrepresentable: 'any' })
      for (const property of Object.values(properties ?? {})) {
        expect(property).toHaveProperty('description')
      }
    },
  )

  test('noop counts its units', async () => {
    async function* parts() {
      for (let unit = 0; unit < 3; unit++) yield { unit, hit: false, part: undefined }
    }
    const params = tasks.noop.params.parse({ units: 3 })
    expect((await tasks.noop.plan(params)).inputs).toEqual({ start: 0, end: 3, unitItems: 1 })
    expect(await tasks.noop.assemble(parts(), params)).toBe(3)
  })
})

describe('kernels', () => {
  test.each(['hash-search', 'hash-tree', 'mandelbrot', 'monte-carlo-pi', 'word-count'])(
    '%s imports the grid alone and exports memory and run',
    async (name) => {
      const { module } = await loadKernel(name)
      const imports = WebAssembly.Module.imports(module)
      expect(new Set(imports.map((entry) => entry.module))).toEqual(new Set(['grid']))
      const exports = WebAssembly.Module.exports(module).map((entry) => entry.name)
      expect(exports.sort()).toEqual(['memory', 'run'])
    },
  )
})
