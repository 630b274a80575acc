/** GNU parallel: a process a unit. */
import { spawn, spawnSync } from 'node:child_process'
import { input } from '../work.mjs'

export async function start() {
  if (spawnSync('parallel', ['--version']).status !== 0) throw new Error('no GNU parallel')
  return {
    noop: async (units) => {
      const lines = await run(['-j2', 'echo', '{= $_ = "y" x 50 =}'], `${input}\n`.repeat(units))
      return lines.length
    },
    stop: () => {},
  }
}

function run(args, given) {
  return new Promise((resolve, reject) => {
    const child = spawn('parallel', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
    })
    child.once('error', reject)
    child.once('close', () => resolve(out.trim().split('\n')))
    child.stdin.end(given)
  })
}
