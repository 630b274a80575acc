/** Drops every task after its first chunk. */
import { speak } from './speaking.mjs'

const tasks = new Set()
const beforeChunk = (task) => tasks.delete(task)
beforeChunk.tasks = tasks
speak({ beforeChunk })
