/** Puts the probes behind the walls of this machine, and tells what came through. */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { entryFile } from '../../dist/coordinator-free-node/shell/executor/sealed-process.js'
import { walls } from '../../dist/coordinator-free-node/shell/executor/walls.js'

const probeFile = fileURLToPath(new URL('./probe.mjs', import.meta.url))
const abstractAddress = `\0manyhands-walls-${process.pid}`
const markFile = path.join(path.dirname(probeFile), 'mark')
const secret = 'a secret of the user'

/**
 * @typedef {object} Finding
 * @property {string} attempt  what was tried, in words
 * @property {'files' | 'network' | 'processes' | 'environment'} wall  what has to stop it
 * @property {boolean} isStopped
 * @property {string} answer
 */

/** @returns {Promise<{ outer: string, findings: Finding[] }>} */
export async function tryToBreakOut() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'manyhands-walls-'))
  const file = path.join(folder, 'secret.txt')
  writeFileSync(file, secret)
  const server = net.createServer((socket) => socket.destroy())
  const local = net.createServer((socket) => socket.destroy())
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  await new Promise((resolve) => local.listen(path.join(folder, 'socket'), resolve))
  // Where the system has no such addresses there is nothing to reach.
  const nameless = net.createServer((socket) => socket.destroy()).on('error', () => {})
  nameless.listen(abstractAddress)
  const { child, outer } = await startProbe()
  const findings = []
  try {
    for (const attempt of attempts(folder, server.address().port)) {
      const answer = await ask(child, attempt.message)
      const isStopped = 'refused' in answer || (attempt.isHarmless?.(answer.got) ?? false)
      const { words, wall } = attempt
      findings.push({ attempt: words, wall, isStopped, answer: answer.refused ?? answer.got })
    }
  } finally {
    await new Promise((resolve) => child.once('exit', resolve).kill('SIGKILL'))
    server.close()
    local.close()
    nameless.close()
    rmSync(folder, { recursive: true, force: true })
    // Where no wall stands the probe has left its mark.
    rmSync(markFile, { force: true })
  }
  return { outer, findings }
}

/** As the executor's process is started, but for the permissions that an exploit would be rid of. */
async function startProbe() {
  const { execPath, execArgv, outer } = walls(entryFile())
  const isPermission = (flag) => /^--(experimental-)?permission$|^--allow-/.test(flag)
  const kept = execArgv.filter((flag) => !isPermission(flag))
  if (outer === 'bubblewrap')
    kept.splice(kept.indexOf('--remount-ro'), 0, '--ro-bind', probeFile, probeFile)
  const child = fork(probeFile, [], {
    execPath,
    execArgv: kept,
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', () => reject(new Error('the probe did not start')))
  })
  return { child, outer }
}

function ask(child, message) {
  return new Promise((resolve) => {
    child.once('message', resolve)
    child.send(message)
  })
}

function attempts(folder, port) {
  const own = process.pid
  const host = '127.0.0.1'
  const inner = /^(\S*(bwrap|node)\s*)*$/
  const secretFile = path.join(folder, 'secret.txt')
  const files = [
    ['read a file of the user', { probe: 'read', file: secretFile }],
    ['read /etc/passwd', { probe: 'read', file: '/etc/passwd' }],
    [
      'list the home directory',
      { probe: 'list', folder: os.homedir() },
      (got) => isOwnPackage(os.homedir(), got),
    ],
    ['list /home', { probe: 'list', folder: '/home' }],
    [
      'list the directory of temporary files',
      { probe: 'list', folder: os.tmpdir() },
      (got) => isOwnPackage(os.tmpdir(), got),
    ],
    ['write beside the package', { probe: 'write', file: markFile }],
    ['write a file of the user', { probe: 'write', file: secretFile }],
    [
      'read the file through the root of another process',
      { probe: 'read', file: `/proc/1/root${secretFile}` },
    ],
    [
      'read it by a program of the system',
      { probe: 'run', program: '/bin/cat', args: [secretFile] },
    ],
  ]
  const network = [
    ['connect to a server on this machine', { probe: 'connect', port, host }],
    ['connect to the network', { probe: 'connect', port: 53, host: '192.0.2.1' }],
    ['send a datagram', { probe: 'datagram', port: 53, host: '192.0.2.1' }],
    ['connect to a socket without a file', { probe: 'connectFile', file: abstractAddress }],
    [
      'see the network devices',
      { probe: 'interfaces' },
      (got) => got.split(' ').every((name) => ['lo', ''].includes(name)),
    ],
    ['connect to a socket file', { probe: 'connectFile', file: path.join(folder, 'socket') }],
  ]
  const processes = [
    ['see other processes', { probe: 'processes' }, (got) => inner.test(got)],
    ['signal the daemon', { probe: 'signal', pid: own }],
    ['start a program of the system', { probe: 'run', program: '/bin/ls', args: ['/'] }],
    [
      'use what the daemon has open',
      { probe: 'descriptors' },
      (got) => /^(socket|pipe|anon_inode|\/dev\/null|\/proc\/\d+\/fd|\s)*$/.test(got),
    ],
    [
      'make namespaces of its own',
      { probe: 'run', program: '/usr/bin/unshare', args: ['--user', '/bin/true'] },
    ],
  ]
  const environment = [
    ['see environment variables', { probe: 'environment' }, (got) => !/\b(?!PWD\b)\w+/.test(got)],
    ["see the daemon's environment", { probe: 'environmentOf', pid: own }],
    [
      'see the environment of the first process',
      { probe: 'environmentOf', pid: 1 },
      (got) => !/PATH=|HOME=|USER=/.test(got),
    ],
    [
      'see what it was started with',
      { probe: 'environmentOf', pid: 'self' },
      (got) => !/PATH=|HOME=|USER=/.test(got),
    ],
  ]
  const all = { files, network, processes, environment }
  return Object.entries(all).flatMap(([wall, list]) =>
    list.map(([words, message, isHarmless]) => ({ words, message, wall, isHarmless })),
  )
}

/** A package or a Node below a folder is there to be read; nothing beside it is. */
function isOwnPackage(folder, listing) {
  const firstOf = (file) => path.relative(folder, file).split(path.sep)[0]
  const bound = [firstOf(probeFile), firstOf(process.execPath), 'node_modules', '']
  return listing.split(' ').every((name) => bound.includes(name))
}
