import { open } from 'node:fs/promises'

/** Puts a new or renamed file's name on disk; its content has a sync of its own. */
export async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open directories; its file system journals renames itself.
  if (process.platform === 'win32') return
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
