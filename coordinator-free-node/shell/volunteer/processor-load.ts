/**
 * How much of the processors other processes use, on Linux: what all use by /proc/stat, less what this process and its
 * descendants use by theirs. The units that run here are the node's own, whatever process they run in.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/** Ticks since the machine started. */
interface Sample {
  busy: number
  all: number
  own: number
}

/** Samples that the share looks back over: half a minute at one every five seconds. */
const samplesMax = 7

export class ProcessorLoad {
  readonly #proc: string
  readonly #pid: number
  readonly #samples: Sample[] = []

  /** @param proc  as /proc */
  constructor(proc = '/proc', pid = process.pid) {
    this.#proc = proc
    this.#pid = pid
  }

  /** Share of all processors that others used lately, 0 to 1; undefined before the second call. */
  async othersShare(): Promise<number | undefined> {
    this.#samples.push(await this.#sample())
    if (this.#samples.length > samplesMax) this.#samples.shift()
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.all <= first.all) return undefined
    const others = last.busy - first.busy - (last.own - first.own)
    return Math.min(1, Math.max(0, others / (last.all - first.all)))
  }

  async #sample(): Promise<Sample> {
    const [stat, own] = await Promise.all([
      readFile(path.join(this.#proc, 'stat'), 'utf8'),
      this.#ownTicks(),
    ])
    // user nice system idle iowait irq softirq steal; what guests use is in user already.
    const ticks = (stat.split('\n')[0] ?? '').split(/ +/).slice(1, 9).map(Number)
    const all = ticks.reduce((sum, tick) => sum + tick, 0)
    const [, , , idle = 0, iowait = 0, , , steal = 0] = ticks
    return { busy: all - idle - iowait - steal, all, own }
  }

  /** Of this process, its living descendants, and those that they waited for. */
  async #ownTicks(): Promise<number> {
    const pids = (await readdir(this.#proc)).filter((name) => /^\d+$/.test(name))
    const children = new Map<number, number[]>()
    const ticks = new Map<number, number>()
    await Promise.all(
      pids.map(async (name) => {
        const text = await readFile(path.join(this.#proc, name, 'stat'), 'utf8').catch(() => '')
        // The command's name may hold spaces and brackets: fields count from behind it.
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
        const parent = Number(fields[1])
        children.set(parent, [...(children.get(parent) ?? []), Number(name)])
        // utime, stime, cutime, cstime
        const spent = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
        ticks.set(Number(name), Number.isFinite(spent) ? spent : 0)
      }),
    )
    let own = 0
    const family = [this.#pid]
    for (let pid = family.pop(); pid !== undefined; pid = family.pop()) {
      own += ticks.get(pid) ?? 0
      family.push(...(children.get(pid) ?? []))
    }
    return own
  }
}
