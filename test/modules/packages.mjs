/**
 * Packages of npm that ship WebAssembly, and a piece of real work for each: what it gives has to be the same whether
 * its modules went through the guard or not. Versions are pinned; they are fetched when the proof runs, and are no
 * dependencies of anything.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} RealPackage
 * @property {string} name
 * @property {string} version
 * @property {string[]} [also]  packages that come along, with their versions
 * @property {string} what
 * @property {(load: Load) => unknown} [work]  none: its modules are guarded, not run
 *
 * @typedef {object} Load
 * @property {(name: string) => Promise<any>} importOf
 * @property {(name: string) => any} requireOf
 * @property {(name: string) => string} folderOf
 */

/** Repeatable bytes. */
function bytesOf(count) {
  const bytes = new Uint8Array(count)
  let seed = 1
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = seed >>> 16
  }
  return bytes
}

const text = 'It was the best of times, it was the worst of times. '.repeat(400)
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** @type {RealPackage[]} */
export const packages = [
  {
    name: 'hash-wasm',
    version: '4.13.0',
    what: 'hashes, from C',
    work: async ({ importOf }) => {
      const { sha256, blake3, xxhash64, md5, argon2id, bcrypt } = await importOf('hash-wasm')
      const data = bytesOf(300_000)
      const salt = bytesOf(16)
      return [
        ...(await Promise.all([sha256(data), blake3(data), xxhash64(data), md5(data)])),
        await argon2id({
          password: 'pass',
          salt,
          parallelism: 1,
          iterations: 2,
          memorySize: 512,
          hashLength: 32,
        }),
        await bcrypt({ password: 'pass', salt, costFactor: 5 }),
      ]
    },
  },
  {
    name: 'sql.js',
    version: '1.16.0',
    what: 'SQLite, from C by Emscripten',
    work: async ({ requireOf }) => {
      const SQL = await requireOf('sql.js')()
      const db = new SQL.Database()
      db.run('CREATE TABLE t (a INTEGER PRIMARY KEY, b REAL, c TEXT)')
      for (let i = 0; i < 2_000; i++)
        db.run('INSERT INTO t VALUES (?, ?, ?)', [i, Math.sqrt(i), `row ${i * 7919}`])
      const found = db.exec(
        'SELECT count(*), sum(b), max(c), group_concat(a % 7) FROM t WHERE c LIKE "%3%" GROUP BY a % 5',
      )
      return [found, digest(db.export())]
    },
  },
  {
    name: 'brotli-wasm',
    version: '3.0.1',
    what: 'Brotli, from Rust',
    work: async ({ requireOf }) => {
      const brotli = await requireOf('brotli-wasm')
      const packed = brotli.compress(new TextEncoder().encode(text), { quality: 9 })
      return [digest(packed), digest(brotli.decompress(packed))]
    },
  },
  {
    name: '@bokuweb/zstd-wasm',
    version: '0.0.27',
    what: 'Zstandard, from C by Emscripten',
    work: async ({ requireOf }) => {
      const { init, compress, decompress } = requireOf('@bokuweb/zstd-wasm')
      await init()
      const packed = compress(new TextEncoder().encode(text), 10)
      return [digest(packed), digest(decompress(packed))]
    },
  },
  {
    name: 'lz4-wasm-nodejs',
    version: '0.9.2',
    what: 'LZ4, from Rust',
    work: async ({ requireOf }) => {
      const lz4 = requireOf('lz4-wasm-nodejs')
      const packed = lz4.compress(new TextEncoder().encode(text))
      return [digest(packed), digest(lz4.decompress(packed))]
    },
  },
  {
    name: 'es-module-lexer',
    version: '3.0.5',
    what: 'a parser, from C',
    work: async ({ importOf }) => {
      const { init, parse } = await importOf('es-module-lexer')
      await init
      return parse(
        `import a, { b } from 'x'; export const c = import('y'); ${'export { b as d };'.repeat(1)}`,
      )
    },
  },
  {
    name: 'cjs-module-lexer',
    version: '2.3.0',
    what: 'a parser, from C',
    work: async ({ importOf }) => {
      const { init, parse } = await importOf('cjs-module-lexer')
      await init?.()
      return parse(
        "exports.a = 1; module.exports.b = require('c'); Object.defineProperty(exports, 'd', { value: 1 })",
      )
    },
  },
  {
    name: 'source-map',
    version: '0.8.0',
    what: 'source maps, from Rust',
    work: async ({ requireOf }) => {
      const { SourceMapConsumer, SourceMapGenerator } = requireOf('source-map')
      const generator = new SourceMapGenerator({ file: 'out.js' })
      for (let line = 1; line < 500; line++)
        generator.addMapping({
          generated: { line, column: line % 40 },
          source: 'in.js',
          original: { line: 2 * line, column: line % 9 },
        })
      const consumer = await new SourceMapConsumer(generator.toString())
      const found = []
      for (let line = 1; line < 500; line += 7)
        found.push(consumer.originalPositionFor({ line, column: 39 }))
      consumer.destroy()
      return found
    },
  },
  {
    name: 'xxhash-wasm',
    version: '1.1.0',
    what: 'a hash, by hand',
    work: async ({ importOf }) => {
      const { default: make } = await importOf('xxhash-wasm')
      const { h32ToString, h64ToString, h64Raw } = await make()
      return [h32ToString(text), h64ToString(text), String(h64Raw(bytesOf(100_000)))]
    },
  },
  {
    name: '@chainsafe/as-sha256',
    version: '1.2.5',
    what: 'SHA-256 with SIMD, from AssemblyScript',
    work: async ({ importOf }) => {
      const { digest: hash, digest64, SHA256 } = await importOf('@chainsafe/as-sha256')
      return [
        hash(bytesOf(10_000)),
        digest64(bytesOf(64)),
        new SHA256().init().update(bytesOf(999)).final(),
      ].map((bytes) => Buffer.from(bytes).toString('hex'))
    },
  },
  {
    name: 'yoga-layout',
    version: '3.2.1',
    what: 'flexbox with floats, from C++ by Emscripten',
    work: async ({ importOf }) => {
      const { default: Yoga, FlexDirection, Edge, Direction } = await importOf('yoga-layout')
      const root = Yoga.Node.create()
      root.setFlexDirection(FlexDirection.Row)
      root.setWidth(617.3)
      root.setPadding(Edge.All, 3.7)
      const children = Array.from({ length: 12 }, (_, i) => {
        const child = Yoga.Node.create()
        child.setFlexGrow(1 + (i % 3) / 7)
        child.setMargin(Edge.Left, i / 3)
        child.setHeight(10 + i * 1.1)
        root.insertChild(child, i)
        return child
      })
      root.calculateLayout(undefined, undefined, Direction.LTR)
      return children.map((child) => child.getComputedLayout())
    },
  },
  {
    name: '@resvg/resvg-wasm',
    version: '2.6.2',
    what: 'SVG to PNG with floats, from Rust',
    work: async ({ importOf, folderOf }) => {
      const { initWasm, Resvg } = await importOf('@resvg/resvg-wasm')
      await initWasm(readFileSync(path.join(folderOf('@resvg/resvg-wasm'), 'index_bg.wasm')))
      const shapes = Array.from(
        { length: 20 },
        (_, i) =>
          `<circle cx="${i * 9}" cy="${50 + 40 * Math.sin(i)}" r="${3 + i / 3}" fill="hsl(${i * 18} 80% 50%)" transform="rotate(${i})"/>`,
      )
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><defs><radialGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="blue"/></radialGradient></defs><rect width="200" height="100" fill="url(#g)"/>${shapes.join('')}</svg>`
      const png = new Resvg(svg, { fitTo: { mode: 'width', value: 400 } }).render()
      return [png.width, png.height, digest(png.pixels), digest(png.asPng())]
    },
  },
  {
    name: 'libsodium-wrappers',
    version: '0.8.4',
    what: 'cryptography, from C by Emscripten',
    work: async ({ requireOf }) => {
      const sodium = requireOf('libsodium-wrappers')
      await sodium.ready
      const seed = bytesOf(32)
      const keys = sodium.crypto_sign_seed_keypair(seed)
      const box = sodium.crypto_secretbox_easy(text, bytesOf(24), seed)
      return [
        sodium.to_hex(sodium.crypto_sign_detached(text, keys.privateKey)),
        sodium.to_hex(sodium.crypto_generichash(32, text)),
        digest(box),
        sodium.to_string(sodium.crypto_secretbox_open_easy(box, bytesOf(24), seed)) === text,
      ]
    },
  },
  {
    name: 'tiktoken',
    version: '1.0.22',
    what: 'a tokenizer, from Rust',
    work: async ({ requireOf }) => {
      const { get_encoding: encodingOf } = requireOf('tiktoken')
      const encoding = encodingOf('cl100k_base')
      const tokens = encoding.encode(text)
      const back = new TextDecoder().decode(encoding.decode(tokens))
      encoding.free()
      return [tokens.length, digest(new Uint8Array(tokens.buffer)), back === text]
    },
  },
  {
    name: 'quickjs-emscripten-core',
    version: '0.32.0',
    also: ['@jitl/quickjs-wasmfile-release-sync@0.32.0'],
    what: 'a JavaScript engine, from C by Emscripten',
    work: async ({ importOf }) => {
      const { newQuickJSWASMModuleFromVariant } = await importOf('quickjs-emscripten-core')
      const { default: variant } = await importOf('@jitl/quickjs-wasmfile-release-sync')
      const engine = await newQuickJSWASMModuleFromVariant(variant)
      return engine.evalCode(`
        const primes = []
        for (let n = 2; primes.length < 500; n++) if (primes.every((p) => n % p)) primes.push(n)
        JSON.stringify([primes.at(-1), Math.sin(1e6), 0.1 + 0.2, [3, 1, 2].sort(), 'aXbX'.replace(/x/gi, '-'), (123456789n ** 9n).toString(), [NaN, -0].map(String)])`)
    },
  },
  {
    name: 'wabt',
    version: '1.0.39',
    what: 'assembler and disassembler, from C++ by Emscripten',
    work: async ({ requireOf }) => {
      const wabt = await requireOf('wabt')()
      const module = wabt.parseWat(
        'a.wat',
        '(module (func (export "f") (param f64 i32) (result f64) local.get 0 f64.sqrt) (memory 1) (data (i32.const 0) "abc"))',
      )
      module.validate()
      const { buffer } = module.toBinary({ write_debug_names: true })
      return [
        digest(buffer),
        wabt.readWasm(buffer, { readDebugNames: true }).toText({ foldExprs: true }),
      ]
    },
  },
  {
    name: '@tensorflow/tfjs-backend-wasm',
    version: '4.22.0',
    what: 'neural networks, from C++ by Emscripten: plain, SIMD, and with threads',
  },
  {
    name: 'tree-sitter-javascript',
    version: '0.25.0',
    what: 'a grammar as a library to be linked at run time, from C',
  },
]

/** The `.wasm` files of a package that is not run, each once. */
export function modulesIn(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.wasm'))
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort()
  return [...new Map(files.map((file) => [path.basename(file), file])).values()]
}
