/** The thread that prepares tasks; see preparation.ts. */
import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import type { FromPreparer, ToPreparer } from './preparation.js'
import { prepareTask } from './prepare-task.js'

async function answer({ id, descriptor, code }: ToPreparer): Promise<void> {
  try {
    say({ id, prepared: await prepareTask(descriptor, code) })
  } catch (error) {
    say({ id, fault: error instanceof Error ? error.message : String(error) })
  }
}

function say(message: FromPreparer): void {
  parentPort?.postMessage(message)
}

try {
  setPriority(0, 19)
} catch {
  // Not allowed here; tasks are prepared all the same.
}
parentPort?.on('message', (message: ToPreparer) => {
  void answer(message)
})
