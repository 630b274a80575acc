/**
 * One system in a process of its own: `node driver.mjs NAME`. Says `{ ready }` or `{ missing }`, then answers each
 * `{ work, ... }` with `{ ms }`. Every system gives `start()`, which resolves to `{ noop(units), search(units,
 * unitNonces), stop() }`; either may be absent.
 */
const { start } = await import(`./systems/${process.argv[2]}.mjs`)

let system
try {
  system = await start()
} catch (error) {
  process.send({ missing: error.message })
  process.disconnect()
}
if (system !== undefined) {
  process.send({ ready: Object.keys(system) })
  process.on('message', async ({ work, args }) => {
    try {
      const startMs = performance.now()
      const result = await system[work](...args)
      process.send({ ms: performance.now() - startMs, result })
    } catch (error) {
      process.send({ error: error.message })
    }
  })
  process.on('disconnect', async () => {
    await system.stop()
    process.exit()
  })
}
