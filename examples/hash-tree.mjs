/** Lists the SHA-256 of every file under a folder, byte for byte as find, sort and sha256sum do. */
import { open, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { hashTree } from 'manyhands/tasks'

export const help = `manyhands run examples/hash-tree.mjs [FOLDER] > sums.txt
  FOLDER  what to hash (default: the folder of this program); symbolic links are not followed
Compare: cd FOLDER; find -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`

const READ_BYTES_MAX = 2 ** 20
/** Files whose first bytes are read before the grid asks for them: hides the latency of the disk. */
const FILES_AHEAD = 32

export default async function main(grid, { args, progress }) {
  const [folder = fileURLToPath(new URL('.', import.meta.url))] = args
  const { sums, files } = await progress(grid.run(hashTree(filesIn(folder)), {}))
  return files === 0 ? undefined : textOrBytes(sums)
}

/** Names that are no UTF-8 have to stay bytes. */
function textOrBytes(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}

async function* filesIn(folder) {
  const ahead = []
  for await (const name of walk(Buffer.from(folder), Buffer.from('.'))) {
    ahead.push(startReading(Buffer.concat([Buffer.from(folder), name.subarray(1)]), name))
    if (ahead.length === FILES_AHEAD) yield ahead.shift()
  }
  yield* ahead
}

/** Names of the files below, in the order of their bytes: a folder's name sorts as if it ended in a slash. */
async function* walk(folder, name) {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  const sorted = entries
    .map((entry) => ({ entry, key: Buffer.from(`/${entry.name.toString('latin1')}`, 'latin1') }))
    .map(({ entry, key }) => ({
      entry,
      key: entry.isDirectory() ? Buffer.concat([key, Buffer.from('/')]) : key,
    }))
    .sort((x, y) => Buffer.compare(x.key, y.key))
  for (const { entry } of sorted) {
    const below = Buffer.concat([name, Buffer.from('/'), entry.name])
    if (entry.isFile()) yield below
    else if (entry.isDirectory()) {
      yield* walk(Buffer.concat([folder, Buffer.from('/'), entry.name]), below)
    }
  }
}

function startReading(path, name) {
  const start = readStart(path)
  // Whoever reads the chunks is told; until then the failure only waits.
  start.catch(() => {})
  return { name, chunks: () => chunksOf(start) }
}

/** The first bytes of a file; and a handle to read on with, unless that was all. */
async function readStart(path) {
  const handle = await open(path)
  try {
    const { size } = await handle.stat()
    // One byte more than expected tells the end from a file that has grown.
    const buffer = Buffer.allocUnsafeSlow(Math.min(size + 1, READ_BYTES_MAX))
    const { bytesRead } = await handle.read(buffer)
    const chunk = buffer.subarray(0, bytesRead)
    if (size > 0 && bytesRead <= size && bytesRead < buffer.length) {
      await handle.close()
      return { chunk }
    }
    return { chunk, handle }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function* chunksOf(start) {
  const { chunk, handle } = await start
  try {
    yield chunk
    while (handle !== undefined) {
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES_MAX)
      const { bytesRead } = await handle.read(buffer)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle?.close()
  }
}
