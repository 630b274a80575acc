/** A kernel in a file of its own, as its author has it on disk: a WebAssembly module, or JavaScript source. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { GridError } from '../../protocol/errors.js'
import { limits } from '../../protocol/limits.js'

export interface TaskFile {
  /** As the user gave it. */
  file: string
  tier: 'wasm' | 'js'
  code: Uint8Array<ArrayBuffer>
}

/** Languages that have to be compiled first, and where it is told how. */
const compiled = /\.(c|cc|cpp|h|rs|zig|as|ts|wat|wast)$/

const modules = /\.(js|mjs|cjs)$/

/** What every WebAssembly module begins with. */
const magic = [0x00, 0x61, 0x73, 0x6d]

/** @throws {GridError} MH_FILE_NOT_FOUND, MH_BAD_MODULE for what is no kernel, MH_TOO_LARGE */
export async function loadTaskFile(file: string): Promise<TaskFile> {
  const code = await readBytes(file, 'FILE')
  if (code.length > limits.bundleBytesMax) {
    throw new GridError('MH_TOO_LARGE', `'${file}' has ${code.length} bytes`, {
      blame: 'user',
      hint: `a kernel may have ${limits.bundleBytesMax}; leave out debug information (clang -s, wasm-strip)`,
    })
  }
  if (magic.every((byte, at) => code[at] === byte)) return { file, tier: 'wasm', code }
  if (modules.test(file)) return { file, tier: 'js', code }
  const hint = compiled.test(file)
    ? 'compile it to a .wasm first; docs/kernels.md tells how for C, Rust, Zig and AssemblyScript'
    : 'a .wasm module, or a .js file whose last expression is a function'
  throw new GridError('MH_BAD_MODULE', `'${file}' is no kernel`, { blame: 'user', hint })
}

/** @throws {GridError} MH_FILE_NOT_FOUND, naming the option */
export async function readBytes(
  file: string,
  option: string,
  stdin: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file === '-') {
    const pieces: Uint8Array[] = []
    for await (const piece of stdin) pieces.push(piece)
    return new Uint8Array(Buffer.concat(pieces))
  }
  try {
    return new Uint8Array(await readFile(file))
  } catch (cause) {
    throw new GridError('MH_FILE_NOT_FOUND', `${option}: cannot read the file '${file}'`, {
      blame: 'user',
      hint: 'check the path; it is taken from the folder the command runs in',
      cause,
    })
  }
}

/** Inside the sandbox every source has the same name; people know it by the file's. */
export function withFileName(words: string, { file, tier }: TaskFile): string {
  return tier === 'js' ? words.replaceAll('at kernel.js:', `at ${basename(file)}:`) : words
}
