import { describe, expect, test } from '@jest/globals'
import { type BlobHash, hashOf } from '../../../../coordinator-free-node/protocol/ids.js'
import { UnpreparedTasks } from '../../../../coordinator-free-node/shell/executor/unprepared-tasks.js'

const taskOf = (n: number): BlobHash => hashOf(Uint8Array.of(n, n >> 8))
const task = taskOf(1)
const slow = { reason: 'time' as const, message: 'took too long' }

describe('tasks that cannot be prepared', () => {
  test('are turned away for ten minutes', () => {
    let nowMs = 0
    const tasks = new UnpreparedTasks(() => nowMs)
    expect(tasks.find(task)).toBeUndefined()
    tasks.remember(task, slow)
    nowMs = 599_999
    expect(tasks.find(task)).toMatchObject(slow)
    nowMs = 600_000
    expect(tasks.find(task)).toBeUndefined()
  })

  test('are blamed for the second death of a process, not for the first', () => {
    const tasks = new UnpreparedTasks(() => 0)
    tasks.begin(task)
    expect(tasks.blame('it died')).toEqual([])
    expect(tasks.isAtWork(task)).toBe(false)
    tasks.begin(task)
    expect(tasks.blame('it died')).toEqual([task])
    expect(tasks.find(task)).toMatchObject({
      reason: 'crash',
      message: expect.stringContaining('it died'),
    })
  })

  test('are not blamed for deaths before and after their preparation', () => {
    const tasks = new UnpreparedTasks(() => 0)
    tasks.begin(task)
    tasks.blame('it died')
    tasks.begin(task)
    tasks.end(task)
    expect(tasks.blame('it died')).toEqual([])
    tasks.begin(task)
    expect(tasks.blame('it died')).toEqual([])
  })

  test('are forgotten from the oldest on', () => {
    const tasks = new UnpreparedTasks(() => 0)
    for (let n = 0; n < 300; n++) tasks.remember(taskOf(n), slow)
    expect(tasks.find(taskOf(43))).toBeUndefined()
    expect(tasks.find(taskOf(44))).toBeDefined()
  })
})
