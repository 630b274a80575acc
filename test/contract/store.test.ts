import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openStore } from '../../coordinator-free-node/shell/store/level-store.js'
import { createMemoryStore } from './memory-store.js'
import { describeStore } from './store-contract.js'

describeStore('memory', async () => {
  const store = createMemoryStore()
  return { store, dispose: () => store.close() }
})

describeStore('LevelDB', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'manyhands-store-'))
  const store = await openStore(directory)
  return {
    store,
    dispose: async () => {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
})
