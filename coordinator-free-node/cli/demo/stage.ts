/**
 * The demo's processes and folders: a requester and four hosts. Owns them all; `clear` ends every one and removes every
 * folder, whatever state they are in.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GridError } from '../../protocol/errors.js'
import { type ChildNode, startChildNode } from './child-node.js'
import type { Role } from './referee.js'

/** A liar that is honest most of the time is believed at first; it gets some hundred units, so it will lie. */
const LIE_RATE = 0.2

export interface StagedNode extends ChildNode {
  role: Role
}

export interface Stage {
  requester: StagedNode
  hosts: readonly StagedNode[]
  requesterState: string
}

const cast: readonly { name: string; role: Role }[] = [
  { name: 'host-1', role: 'honest' },
  { name: 'host-2', role: 'liar' },
  { name: 'host-3', role: 'honest' },
  { name: 'host-4', role: 'killed' },
]

export interface StageBuilder {
  build(): Promise<Stage>
  clear(): Promise<void>
}

/** @param say  told of each node that has started */
export function createStage(signal: AbortSignal, say: (line: string) => void): StageBuilder {
  const stops: (() => Promise<void>)[] = []
  const folders: string[] = []
  const onSpawn = (stop: () => Promise<void>) => void stops.push(stop)

  async function build(): Promise<Stage> {
    const root = await mkdtemp(join(tmpdir(), 'manyhands-demo-'))
    folders.push(root)
    const requesterState = join(root, 'requester')
    const requester = await startChildNode(
      { name: 'requester', stateDirectory: requesterState, cpus: 0, signal },
      onSpawn,
    )
    say(`requester ${requester.peer} (process ${requester.pid})`)
    const peer = loopbackAddressOf(requester)
    const hosts = await Promise.all(
      cast.map(async ({ name, role }) => {
        const stateDirectory = join(root, name)
        const liar = role === 'liar'
        const host = await startChildNode(
          { name, stateDirectory, cpus: 1, peer, signal, ...(liar ? { lieRate: LIE_RATE } : {}) },
          onSpawn,
        )
        const remark = liar ? ', which will lie' : role === 'killed' ? ', which will be killed' : ''
        say(`${name}    ${host.peer} (process ${host.pid})${remark}`)
        return { ...host, role }
      }),
    )
    return { requester: { ...requester, role: 'requester' }, hosts, requesterState }
  }

  async function clear(): Promise<void> {
    await Promise.all(stops.map((stop) => stop()))
    await Promise.all(
      folders.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 5 })),
    )
  }

  return { build, clear }
}

function loopbackAddressOf({ name, addresses }: ChildNode): string {
  const address = addresses.find((text) => text.includes('/127.0.0.1/')) ?? addresses[0]
  if (address !== undefined) return address
  throw new GridError('MH_EXECUTOR_FAILED', `${name} listens nowhere`, {
    blame: 'local',
    hint: 'manyhands doctor says whether a port can be opened',
  })
}
