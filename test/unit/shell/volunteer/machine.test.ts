/** What is measured, on machines made of files. */
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import {
  readMachine,
  sensesFor,
  watchMachine,
} from '../../../../coordinator-free-node/shell/volunteer/machine-watch.js'
import { isOnBatteryBySys } from '../../../../coordinator-free-node/shell/volunteer/power-supply.js'
import { Presence } from '../../../../coordinator-free-node/shell/volunteer/presence.js'
import { ProcessorLoad } from '../../../../coordinator-free-node/shell/volunteer/processor-load.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'manyhands-machine-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function files(tree: Record<string, string>) {
  for (const [name, text] of Object.entries(tree)) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, `${text}\n`)
  }
}

describe('power supply on Linux', () => {
  const mains = (online: string) => ({ 'ACAD/type': 'Mains', 'ACAD/online': online })
  const battery = (status: string) => ({ 'BAT1/type': 'Battery', 'BAT1/status': status })
  test.each([
    ['no battery at all', {}, false],
    ['a battery that charges', { ...mains('1'), ...battery('Charging') }, false],
    ['a full one on mains', { ...mains('1'), ...battery('Full') }, false],
    ['a battery that drains', { ...mains('0'), ...battery('Discharging') }, true],
    ['one that drains although plugged in', { ...mains('1'), ...battery('Discharging') }, false],
    ['power by USB', { 'usb/type': 'USB', 'usb/online': '1', ...battery('Discharging') }, false],
    ['the battery of a mouse', { ...battery('Discharging'), 'BAT1/scope': 'Device' }, false],
  ])('%s', async (_, tree, expected) => {
    await files(tree)
    expect(await isOnBatteryBySys(folder)).toBe(expected)
  })
  test('a machine that does not say is no machine on mains', async () => {
    await expect(isOnBatteryBySys(path.join(folder, 'none'))).rejects.toMatchObject({
      code: 'MH_USAGE',
    })
  })
})

describe('presence on Linux', () => {
  const interrupts = (keyboard: number, usb: number) => ({
    interrupts: `           CPU0       CPU1\n  1:       ${keyboard}          0   IO-APIC   1-edge      i8042\n 27:  5  ${usb}  PCI-MSI 512000-edge      xhci_hcd\n 28: 99 99 PCI-MSI 1-edge nvme0q0`,
  })
  const presenceAt = (now: { ms: number }) =>
    new Presence(
      {
        terminals: [[path.join(folder, 'pts'), /^\d+$/]],
        interrupts: path.join(folder, 'interrupts'),
      },
      () => now.ms,
    )

  test('counts from the terminal that was read last', async () => {
    await files({ 'pts/0': '', 'pts/1': '', 'pts/ptmx': '' })
    for (const [name, seconds] of [
      ['0', 100],
      ['1', 160],
      ['ptmx', 900],
    ] as const)
      await utimes(path.join(folder, 'pts', name), seconds, 990)
    const now = { ms: 200_000 }
    expect(await presenceAt(now).idleMs()).toBe(40_000)
  })

  test('counts from the last interrupt of a keyboard, whenever that was seen', async () => {
    const now = { ms: 1_000_000 }
    const presence = presenceAt(now)
    await files(interrupts(10, 20))
    expect(await presence.idleMs()).toBe(0)
    now.ms += 60_000
    expect(await presence.idleMs()).toBe(60_000)
    await files(interrupts(10, 21))
    now.ms += 5_000
    expect(await presence.idleMs()).toBe(0)
    now.ms += 5_000
    expect(await presence.idleMs()).toBe(5_000)
  })

  test('does not guess where nothing is to be seen', async () => {
    await files({ interrupts: '  0: 12 IO-APIC timer' })
    expect(await presenceAt({ ms: 1 }).idleMs()).toBeUndefined()
  })
})

describe('processor load on Linux', () => {
  /** A process's line, with a name that is meant to confuse. */
  const stat = (pid: number, parent: number, ticks: readonly number[]) =>
    `${pid} (a) b (c) S ${parent} ${Array(9).fill(0).join(' ')} ${ticks.join(' ')} 20 0 1 0 5`
  const machine = (user: number, idle: number, own: number, executor: number, other: number) =>
    files({
      stat: `cpu  ${user} 0 0 ${idle} 0 0 0 0 0 0\ncpu0 1 1 1 1`,
      '100/stat': stat(100, 1, [own, 0, 0, 0]),
      '101/stat': stat(101, 100, [0, 0, 0, 0]),
      '102/stat': stat(102, 101, [executor, 0, 0, 0]),
      '200/stat': stat(200, 1, [other, 0, 0, 0]),
    })

  test('is what others use, not the units of this node', async () => {
    const load = new ProcessorLoad(folder, 100)
    await machine(1_000, 1_000, 10, 500, 490)
    expect(await load.othersShare()).toBeUndefined()
    await machine(1_100, 1_100, 12, 575, 513)
    // Of 200 ticks 100 were spent, 77 of them here.
    expect(await load.othersShare()).toBeCloseTo(23 / 200, 6)
  })

  test('a child that ended stays counted as our own', async () => {
    const load = new ProcessorLoad(folder, 100)
    await machine(1_000, 1_000, 10, 500, 490)
    await load.othersShare()
    await machine(1_100, 1_100, 10, 500, 490)
    await rm(path.join(folder, '102'), { recursive: true })
    await writeFile(path.join(folder, '101', 'stat'), stat(101, 100, [0, 0, 590, 10]))
    expect(await load.othersShare()).toBe(0)
  })
})

describe('the watch', () => {
  const rules = { windows: [], idle: undefined, neverOnBattery: false }
  const idle = { afterMs: 1_000, othersCpuShareMax: 0.5 }
  test('measures only what the rules ask for', async () => {
    expect(await sensesFor(rules, 'aix')).toEqual({})
    const reading = await readMachine(await sensesFor(rules))
    expect(reading).toMatchObject({ onBattery: undefined, inputIdleMs: undefined })
    expect(Math.abs(reading.utcMs - Date.now())).toBeLessThan(10_000)
  })
  test.each([
    ['never-on-battery', { ...rules, neverOnBattery: true }, 'aix' as const],
    ['only-when-idle', { ...rules, idle }, 'darwin' as const],
    ['only-when-idle', { ...rules, idle }, 'win32' as const],
  ])('%s is refused where it cannot be measured', async (name, asked, platform) => {
    await expect(sensesFor(asked, platform)).rejects.toMatchObject({
      code: 'MH_USAGE',
      message: expect.stringMatching(new RegExp(`^${name}: .*${platform}`)),
    })
  })
  test('a sense that fails leaves its reading open', async () => {
    const isOnBattery = () => Promise.reject(new Error('gone'))
    expect((await readMachine({ isOnBattery })).onBattery).toBeUndefined()
  })
  test('gives a first reading before it resolves, and none after it ended', async () => {
    let readings = 0
    const end = await watchMachine({ othersCpuShare: async () => 0.1 }, () => readings++)
    expect(readings).toBe(1)
    end()
  })
})
