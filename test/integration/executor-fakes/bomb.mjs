/** Dies of every task that it is to prepare. */
import { writeSync } from 'node:fs'
import { speak } from './speaking.mjs'

process.on('message', ({ type, task }) => {
  if (type !== 'task') return
  process.send({ type: 'preparing', task })
  writeSync(2, 'boom\n')
  process.kill(process.pid, 'SIGKILL')
})
speak()
