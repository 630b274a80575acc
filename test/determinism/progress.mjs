/** Progress on stderr: one line rewritten in place on a terminal, a line a platform otherwise. */
import { renderBar } from '../../dist/coordinator-free-node/cli/progress.js'

export function createProgress(names, kernels) {
  const counts = Object.fromEntries(names.map((name) => [name, 0]))
  const done = new Set()
  const isTerminal = process.stderr.isTTY === true
  const clear = () => process.stderr.write('\r\u001b[K')
  const show = () => {
    if (!isTerminal) return
    const share = Object.values(counts).reduce((sum, count) => sum + count, 0)
    const percent = Math.floor((100 * share) / (names.length * kernels))
    const atWork = names.filter((name) => counts[name] > 0 && !done.has(name))
    const words = atWork.map((name) => `${name} ${counts[name]}/${kernels}`).join(', ')
    clear()
    process.stderr.write(`${renderBar(percent)} ${String(percent).padStart(3)} % ${words}`)
  }
  return {
    answered(name) {
      counts[name] += 1
      show()
    },
    ended({ name, skipped, fault, seconds }) {
      done.add(name)
      counts[name] = kernels
      if (isTerminal) clear()
      const end = skipped ? `skipped: ${skipped}` : (fault ?? `${seconds.toFixed(1)} s`)
      process.stderr.write(`${name}: ${end}\n`)
      show()
    },
    close() {
      if (isTerminal) clear()
    },
  }
}
