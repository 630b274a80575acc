/**
 * `gateway.json` in the state directory: where this node's gateway listens, for its owner's eyes only. `gateway.token`
 * beside it holds the token alone, as programs want it that read a bearer's token from a file.
 */
import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { GatewayFile } from '../../protocol/gateway-api.js'
import { storeError } from '../store/store-errors.js'

const fileName = 'gateway.json'
const tokenFileName = 'gateway.token'

export async function writeGatewayFile(
  stateDirectory: string,
  content: GatewayFile,
): Promise<void> {
  // Whoever finds the first finds the other as well.
  await writePrivate(path.join(stateDirectory, tokenFileName), content.token)
  await writePrivate(path.join(stateDirectory, fileName), JSON.stringify(content))
}

/** Written beside and renamed: a reader sees the old file or the new one, whole. */
async function writePrivate(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      // The mask may have taken bits from the mode, never added any; set it whatever the mask.
      await chmod(temporary, 0o600)
      await handle.writeFile(`${content}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw storeError(cause, `cannot write ${path.basename(file)}`)
  }
}

/** Removes the files if they are still this gateway's. */
export async function removeGatewayFile(stateDirectory: string, token: string): Promise<void> {
  for (const name of [fileName, tokenFileName]) {
    const file = path.join(stateDirectory, name)
    const text = await readFile(file, 'utf8').catch(() => '')
    if (text.includes(token)) await rm(file, { force: true })
  }
}
