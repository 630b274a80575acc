/**
 * `node bench/peers/install.mjs`: gets the systems that the suite peers measures beside the grid. Packages of npm go into
 * this folder, in the versions of its lock; not by `npm ci`, which wants packages for every other system to be there.
 * Debian's are installed where that is possible, and left out with a word where not.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const debian = [
  { name: 'redis-server', test: ['redis-server', '--version'] },
  { name: 'parallel', test: ['parallel', '--version'] },
  { name: 'python3-distributed', test: ['/usr/bin/python3', '-c', 'import distributed'] },
]

execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'], {
  cwd: folder,
  stdio: 'inherit',
})

const missing = debian.filter(({ test: [command, ...args] }) => !runs(command, args))
if (missing.length > 0) {
  const names = missing.map(({ name }) => name)
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !runs('apt-get', ['--version']))
    console.log(`left out: ${names.join(', ')} (as root on Debian this would install them)`)
  else install(names)
}

function install(names) {
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] }
  execFileSync('apt-get', ['update'], quiet)
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...names], {
    ...quiet,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  console.log(`installed: ${names.join(', ')}`)
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}
