/** A grid over the real gateway with the fake node behind it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type Gateway,
  startGateway,
} from '../../../coordinator-free-node/shell/gateway/gateway-server.js'
import { connectOn } from '../../../sdk/connect.js'
import { type Platform, platform } from '../../../sdk/platform.js'
import type { ConnectOptions, Grid } from '../../../sdk/types.js'
import { FakeBackend, fakePeer } from './fake-backend.js'

export interface FakeGrid {
  grid: Grid
  fake: FakeBackend
  stateDirectory: string
  gateway: Gateway
  /** Takes the node away, as if it were killed. */
  stopNode(): Promise<void>
  startNode(): Promise<void>
  dispose(): Promise<void>
}

/** Refuses to embed: a test that gets there has lost its node. */
export const noEmbedding: Platform = {
  ...platform,
  startNode: () => Promise.reject(new Error('a test tried to embed a node')),
}

export async function openFakeGrid(options: ConnectOptions = {}): Promise<FakeGrid> {
  const stateDirectory = await mkdtemp(path.join(tmpdir(), 'manyhands-sdk-'))
  const fake = new FakeBackend()
  const start = () => startGateway({ stateDirectory, peer: fakePeer, backend: fake.backend })
  const made: FakeGrid = {
    fake,
    stateDirectory,
    gateway: await start(),
    grid: undefined as never,
    async stopNode() {
      await made.gateway.close()
    },
    async startNode() {
      made.gateway = await start()
    },
    async dispose() {
      await made.grid.close()
      await made.gateway.close()
      await rm(stateDirectory, { recursive: true })
    },
  }
  made.grid = await connectOn(noEmbedding, { stateDirectory, ...options })
  return made
}
