/** Speaks as the executor's process does, for the fakes beside it: every unit is done, with no output. */
export function speak({ beforeUnit = () => {}, beforeChunk = () => true } = {}) {
  process.on('message', (message) => {
    if (message.type === 'task') beforeChunk.tasks?.add(message.task)
    if (message.type === 'ping') process.send({ type: 'pong' })
    if (message.type === 'chunk') runChunk(message.chunk)
  })
  process.on('disconnect', () => process.exit(0))
  if (!process.connected) process.exit(0)
  process.send({ type: 'ready' })

  function runChunk({ chunk, task, units }) {
    if (!beforeChunk(task)) return process.send({ type: 'task-missing', chunk })
    for (const unit of units) beforeUnit(unit)
    const results = {
      units,
      kinds: new Uint8Array(units.length),
      digests: new Uint8Array(32 * units.length),
      outputs: new Uint8Array(),
      outputBytes: units.map(() => 0),
      spentMs: units.map(() => 0.1),
      fuel: units.map(() => 0),
    }
    process.send({ type: 'results', chunk, results })
    process.send({ type: 'end', chunk })
  }
}
