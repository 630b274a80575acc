/**
 * What somebody could try who has taken over the executor's process: stands in for an exploit, so it runs there with
 * Node's own permissions off. Each probe answers with what it got, or with the code of the refusal.
 */
import { spawnSync } from 'node:child_process'
import dgram from 'node:dgram'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { networkInterfaces } from 'node:os'

const probes = {
  read: ({ file }) => readFileSync(file, 'utf8').slice(0, 200),
  list: ({ folder }) => readdirSync(folder).join(' '),
  write: ({ file }) => {
    writeFileSync(file, 'written by a probe')
    return 'written'
  },
  connect: ({ port, host }) =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host, timeout: 2_000 }, () => {
        socket.destroy()
        resolve('connected')
      })
      socket.on('error', reject)
      socket.on('timeout', () => reject(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' })))
    }),
  connectFile: ({ file }) =>
    new Promise((resolve, reject) => {
      const socket = net.connect(file, () => {
        socket.destroy()
        resolve('connected')
      })
      socket.on('error', reject)
    }),
  datagram: ({ port, host }) =>
    new Promise((resolve, reject) => {
      const socket = dgram.createSocket('udp4')
      socket.on('error', reject)
      socket.send('probe', port, host, (error) => {
        socket.close()
        if (error) reject(error)
        else resolve('sent')
      })
    }),
  environment: () => Object.keys(process.env).join(' '),
  environmentOf: ({ pid }) => readFileSync(`/proc/${pid}/environ`, 'utf8').replaceAll('\0', ' '),
  signal: ({ pid }) => {
    process.kill(pid, 0)
    return 'reached'
  },
  interfaces: () => Object.keys(networkInterfaces()).join(' '),
  descriptors: () =>
    readdirSync('/proc/self/fd')
      .map((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).replace(/:.*/, '')
        } catch {
          return ''
        }
      })
      .join(' '),
  processes: () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0])
      .join(' '),
  run: ({ program, args }) => {
    const { error, stdout, status, stderr } = spawnSync(program, args, { timeout: 3_000 })
    if (error) throw error
    if (status !== 0) throw Object.assign(new Error(String(stderr)), { code: `exit ${status}` })
    return String(stdout)
  },
}

process.on('message', async ({ probe, ...told }) => {
  try {
    process.send({ got: String(await probes[probe](told)) })
  } catch (error) {
    process.send({ refused: error.code ?? error.message })
  }
})
process.send('ready')
