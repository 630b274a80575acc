import type { Stream } from '@libp2p/interface'

/** What yamux keeps of how much a peer may still send, bytes; not part of libp2p's interface. */
interface Windowed {
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

/**
 * Tells the peer of new room once half of the window is used, as other yamux do. This one answers every frame that it
 * reads: a second message for each vote, which wakes the other side for nothing.
 *
 * @param stream  opened and accepted; one that is no yamux stream is left as it is
 */
export function announceRoomSeldom(stream: Stream): void {
  if (!isWindowed(stream)) return
  const announce = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    if (2 * stream.recvWindowCapacity < stream.recvWindow) announce()
  }
}

function isWindowed(stream: object): stream is Windowed {
  return (
    'recvWindow' in stream &&
    typeof stream.recvWindow === 'number' &&
    'recvWindowCapacity' in stream &&
    typeof stream.recvWindowCapacity === 'number' &&
    'sendWindowUpdate' in stream &&
    typeof stream.sendWindowUpdate === 'function'
  )
}
