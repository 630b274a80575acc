/** TypeScript source as plain modules in a folder of its own, for tests that need another process. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { transformFile } from '@swc/core'

/**
 * @param folders  relative to the package's root; every .ts file below them is compiled
 * @returns a directory that looks like the package's root, with its dependencies
 */
export async function compileSources(
  folders: readonly string[],
): Promise<{ directory: string; dispose(): Promise<void> }> {
  const root = process.cwd()
  const directory = await mkdtemp(path.join(tmpdir(), 'manyhands-compiled-'))
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'))
  await writeFile(path.join(directory, 'package.json'), '{"type":"module"}')
  for (const folder of folders) {
    for (const name of await readdir(path.join(root, folder), { recursive: true })) {
      if (!name.endsWith('.ts')) continue
      const target = path.join(directory, folder, name.replace(/\.ts$/, '.js'))
      const { code } = await transformFile(path.join(root, folder, name), {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
      })
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, code)
    }
  }
  return { directory, dispose: () => rm(directory, { recursive: true }) }
}
