/** `npm run walls`: what a unit could reach that has taken over the executor's process, on this machine. */
import { tryToBreakOut } from './breakout.mjs'

const { outer, findings } = await tryToBreakOut()
if (process.argv.includes('--json')) console.log(JSON.stringify({ outer, findings }))
else {
  console.log(`outer wall: ${outer}\n`)
  const width = Math.max(...findings.map(({ attempt }) => attempt.length))
  for (const { attempt, wall, isStopped, answer } of findings) {
    const shown = answer.replaceAll(/\s+/g, ' ').slice(0, 50)
    console.log(
      `${isStopped ? 'stopped' : 'OPEN   '}  ${wall.padEnd(11)}  ${attempt.padEnd(width)}  ${shown}`,
    )
  }
  if (outer !== 'bubblewrap') console.log('\ninstall bubblewrap to close what is open')
  const open = findings.filter(({ isStopped }) => !isStopped).length
  console.log(`\n${findings.length - open} passed, ${open} failed`)
}
process.exitCode = findings.every(({ isStopped }) => isStopped) ? 0 : 1
