/** `gateway.json` in the state directory: where this node's gateway listens, for its owner's eyes only. */
import { randomBytes } from 'node:crypto'
import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { GatewayFile } from '../../protocol/gateway-api.js'
import { storeError } from '../store/store-errors.js'

const fileName = 'gateway.json'

/** Written beside and renamed: a reader sees the old file or the new one, whole. */
export async function writeGatewayFile(
  stateDirectory: string,
  content: GatewayFile,
): Promise<void> {
  const temporary = path.join(stateDirectory, `${fileName}.${randomBytes(6).toString('hex')}`)
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      // The mask may have taken bits from the mode, never added any; set it whatever the mask.
      await chmod(temporary, 0o600)
      await handle.writeFile(`${JSON.stringify(content)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path.join(stateDirectory, fileName))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw storeError(cause, `cannot write ${fileName}`)
  }
}

/** Removes the file if it is still this gateway's. */
export async function removeGatewayFile(stateDirectory: string, token: string): Promise<void> {
  const file = path.join(stateDirectory, fileName)
  const text = await readFile(file, 'utf8').catch(() => '')
  if (text.includes(token)) await rm(file, { force: true })
}
