/** A thousand names in one /24, and liars at diverse addresses: a short piece of `npm run sim:directory`. */
import { describe, expect, test } from '@jest/globals'
import { mergeAnswers } from '../../coordinator-free-node/core/membership/naming.js'
import { simulateDirectory } from '../../coordinator-free-node/sim/directory.js'
import { simulateQuorum } from '../../coordinator-free-node/sim/quorum-seats.js'

describe('the directory', () => {
  test('gives a /24 two entries, however many names it has', () => {
    const crowd = { honest: 300, hostile: 0, subnet: 1_000 }
    const plain = simulateDirectory(crowd, 'plain', 20, 1)
    const ours = simulateDirectory(crowd, 'ours', 100, 1)
    expect(plain.tables.bucketMost).toBeGreaterThan(10)
    expect(ours.tables).toMatchObject({ bucketMost: 2, tableMost: 2 })
    expect(ours.lookups.found).toBeGreaterThanOrEqual(99)
  })

  test('finds 99 % of what was provided when one in five lies', () => {
    const crowd = { honest: 480, hostile: 120, subnet: 0 }
    const plain = simulateDirectory(crowd, 'plain', 200, 2)
    const ours = simulateDirectory(crowd, 'ours', 200, 2)
    expect(plain.lookups.found).toBeLessThan(180)
    expect(ours.lookups.found).toBeGreaterThanOrEqual(198)
  })

  test('gives the same for the same seed', () => {
    const crowd = { honest: 60, hostile: 15, subnet: 30 }
    const run = () => simulateDirectory(crowd, 'ours', 20, 3)
    expect(run()).toEqual(run())
  })

  test('hears the first name of everybody before the second of anybody', () => {
    const liar = Array.from({ length: 1_000 }, (_, i) => `liar ${i}`)
    const merged = mergeAnswers([liar, liar, ['true one'], liar], (name) => name, 5)
    expect(merged).toEqual(['liar 0', 'true one', 'liar 1', 'liar 2', 'liar 3'])
    expect(mergeAnswers([liar], (name) => name, 1_000)).toHaveLength(20)
  })
})

describe('a quorum', () => {
  const crowd = { seed: 1, hosts: 150, units: 60 }

  test('has one seat for a /24 that lies alike, and no wrong result', () => {
    const report = simulateQuorum({ ...crowd, sameSubnet: false })
    expect(report).toMatchObject({ finished: true, wrong: 0, seatsMost: 1 })
  })

  test('is lost to it where the rule is switched off', () => {
    const report = simulateQuorum({ ...crowd, sameSubnet: true })
    expect(report.seatsMost).toBeGreaterThan(1)
    expect(report.wrong).toBeGreaterThan(30)
  })
})
