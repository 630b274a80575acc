/** Why a dial failed, in a few words for a person, out of libp2p's nested errors. */
import { denialMark, refusalMark } from './credentials.js'

const verdicts = [
  [refusalMark, 'it refused: '],
  [denialMark, 'this node refuses it: '],
] as const

const reasons: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there (connection refused)'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host'],
  [/EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/, 'no route to that host'],
  [/Can not dial self|dial self/i, 'that is this very node'],
  [/UnexpectedPeer|does not match expected|Payload identity key/, 'another node answers there'],
  [/UnsupportedProtocol|protocol selection failed/, 'it belongs to another grid'],
  [/Unexpected server response/, 'what answers there is no manyhands node'],
  [/ETIMEDOUT|Timeout|timed out|handshake has timed out|no answer within/i, 'no answer in time'],
  [/ECONNRESET|EPIPE|socket hang up|the connection broke|EncryptionFailed/, 'it hung up on us'],
  [/given up|aborted/i, 'the attempt was given up'],
  [/no valid addresses|NoValidAddresses/i, 'none of its addresses can be dialled'],
]

/** @returns a reason without a full stop */
export function dialReason(error: unknown): string {
  const text = flatten(error, 0).join(' | ')
  for (const [mark, words] of verdicts) {
    const reason = text.split(mark)[1]
    if (reason !== undefined) return words + (reason.split(' | ')[0] ?? '').slice(0, 300)
  }
  const known = reasons.find(([pattern]) => pattern.test(text))
  if (known !== undefined) return known[1]
  const first = error instanceof Error ? error.message : String(error)
  return (first.split('\n')[0] ?? '').slice(0, 200) || 'for no known reason'
}

/** Whether it was this node's own gate that said no. */
export function isDenied(error: unknown): boolean {
  const text = flatten(error, 0).join(' | ')
  if (/DialDenied|EDENIED|ConnectionIntercepted/.test(text)) return true
  return (
    text.includes(`${denialMark}this node deals`) || text.includes(`${denialMark}this node does`)
  )
}

function flatten(error: unknown, depth: number): string[] {
  if (!(error instanceof Error) || depth > 4) return [String(error)]
  const code = 'code' in error ? String(error.code) : ''
  const inner = error instanceof AggregateError ? error.errors : []
  return [
    `${error.name} ${code} ${error.message}`,
    ...inner.flatMap((one) => flatten(one, depth + 1)),
    ...(error.cause === undefined ? [] : flatten(error.cause, depth + 1)),
  ]
}
