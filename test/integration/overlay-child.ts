/** Starts `overlay-peer.ts` in a child process and waits for what it reports. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OverlayOptions } from '../../coordinator-free-node/shell/overlay/overlay.js'
import type { PeerOrders, PeerReport } from './overlay-peer.js'

export class OverlayChild {
  readonly reports: PeerReport[] = []
  readonly #process: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(settings: Partial<OverlayOptions>) {
    const hooks = fileURLToPath(new URL('./overlay-ts-hooks.mjs', import.meta.url))
    const script = fileURLToPath(new URL('./overlay-peer.ts', import.meta.url))
    this.#process = fork(script, [JSON.stringify(settings)], {
      execArgv: ['--no-warnings', '--import', hooks],
      env: { PATH: process.env.PATH },
    })
    this.#process.on('message', (report: PeerReport) => this.reports.push(report))
    this.#exited = once(this.#process, 'exit')
  }

  static async start(settings: Partial<OverlayOptions>): Promise<OverlayChild> {
    const child = new OverlayChild(settings)
    await child.until('it is ready', ({ ready }) => ready !== undefined)
    return child
  }

  get ready() {
    return this.reports.find(({ ready }) => ready !== undefined)!.ready!
  }

  order(orders: PeerOrders): void {
    this.#process.send(orders)
  }

  async until(what: string, holds: (report: PeerReport) => boolean, boundMs = 20_000) {
    const bound = AbortSignal.timeout(boundMs)
    while (!this.reports.some(holds)) {
      await once(this.#process, 'message', { signal: bound }).catch(() => {
        throw new Error(`waited ${boundMs} ms for: ${what}. Got ${JSON.stringify(this.reports)}`)
      })
    }
  }

  /** As a power cut would: nothing is closed, nobody is told. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#exited
  }

  /** Alive but mute, as a hung machine is. */
  freeze(): void {
    this.#process.kill('SIGSTOP')
  }
}
