/** The package's version, from its package.json: the one place where it stands. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json, the same for the source and for what was built from it. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    if (packageNameAt(folder)?.name === 'manyhands') return folder
    const parent = dirname(folder)
    if (parent === folder) return folder
    folder = parent
  }
}

export function packageVersion(): string {
  return packageNameAt(packageRoot())?.version ?? 'unknown'
}

function packageNameAt(folder: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  } catch {
    return undefined
  }
}
