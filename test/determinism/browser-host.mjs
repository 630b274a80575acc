/**
 * Has a browser run the corpus: a server on loopback gives it the very files that Node runs, and takes its answers.
 * No bundler: the few names of packages in them are replaced by paths on the way out.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const quickjs = '/node_modules/@jitl/quickjs-wasmfile-release-sync/dist'

/** Files of packages, by the names that imports have for them. */
const packageFiles = {
  '@jitl/quickjs-ffi-types': '/node_modules/@jitl/quickjs-ffi-types/dist/index.mjs',
  '@jitl/quickjs-wasmfile-release-sync': `${quickjs}/index.mjs`,
  '@jitl/quickjs-wasmfile-release-sync/emscripten-module': `${quickjs}/emscripten-module.browser.mjs`,
  '@noble/hashes/sha2.js': '/node_modules/@noble/hashes/sha2.js',
  'quickjs-emscripten-core': '/node_modules/quickjs-emscripten-core/dist/index.mjs',
}
/** A package's name in quotes, where an import has one. */
const packageName = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([@\w][^"']*)\2/g

const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }
const folders = ['/dist/', '/test/determinism/', '/node_modules/']

/** As strict as a page with WebAssembly can have it. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
const pageOf = (script) =>
  `<!doctype html><title>determinism</title><script type="module" src="/test/determinism/${script}"></script>`

/** A browser that says nothing for so long has crashed or hangs. */
const silenceMsMax = 60_000

/**
 * @param {{ command: string, argumentsOf: (profile: string) => string[], script: string }} browser
 *   `script` is what the page starts with
 * @param {import('./platforms.mjs').Wanted} wanted
 * @param {(line: object) => void} onLine  as node-platform.mjs writes them, and first `{ engine }`
 */
export async function runInBrowser({ command, argumentsOf, script }, wanted, onLine) {
  const { promise: end, resolve, reject } = deferred()
  let timer
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => reject(new Error('the browser fell silent')), silenceMsMax)
  }
  const posts = {
    '/line': (body) => onLine(JSON.parse(body)),
    '/fault': (body) => reject(new Error(body)),
    '/end': () => resolve(),
  }
  const server = createServer(async (request, response) => {
    heard()
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    response.setHeader('content-security-policy', policy)
    try {
      if (request.method === 'POST') {
        posts[pathname]?.(await text(request))
        response.end()
      } else if (pathname === '/') {
        onLine({ engine: engineOf(request.headers['user-agent'] ?? '') })
        response.setHeader('content-type', 'text/html').end(pageOf(script))
      } else if (pathname === '/wanted') response.end(JSON.stringify(wanted))
      else await sendFile(pathname, response)
    } catch (error) {
      response.writeHead(404).end(String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const profile = await mkdtemp(path.join(tmpdir(), 'determinism-'))
  const address = `http://127.0.0.1:${server.address().port}/`
  const child = spawn(command, [...argumentsOf(profile), address], {
    detached: true,
    stdio: 'ignore',
  })
  const gone = new Promise((resolve) => {
    child.on('error', resolve)
    child.on('exit', resolve)
  })
  void gone.then(() => reject(new Error(`${command} ended before the corpus did`)))
  const kill = () => {
    // The browser's own processes are in its group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  const killAtExit = () => {
    kill()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  process.once('exit', killAtExit)
  heard()
  try {
    await end
  } finally {
    clearTimeout(timer)
    process.off('exit', killAtExit)
    kill()
    await gone
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function sendFile(pathname, response) {
  const wanted = pathname === '/engine.wasm' ? `${quickjs}/emscripten-module.wasm` : pathname
  const file = path.normalize(path.join(root, wanted))
  const isServed = folders.some((folder) => file.startsWith(path.join(root, folder)))
  const type = types[path.extname(file)]
  if (!isServed || type === undefined) throw new Error(`not served: ${pathname}`)
  const contents = await readFile(file)
  response.setHeader('content-type', type)
  response.end(type === types['.js'] ? withPaths(contents.toString()) : contents)
}

function withPaths(source) {
  return source.replace(packageName, (whole, before, quote, name) =>
    Object.hasOwn(packageFiles, name) ? `${before}${quote}${packageFiles[name]}${quote}` : whole,
  )
}

function engineOf(userAgent) {
  const [name = userAgent] = /(Chrome|Firefox|Version)\/[\d.]+/.exec(userAgent) ?? []
  return name.replace('/', ' ')
}

/** Node 20 has no `Promise.withResolvers`. */
function deferred() {
  let resolve
  let reject
  const promise = new Promise((...settlers) => {
    ;[resolve, reject] = settlers
  })
  return { promise, resolve, reject }
}
