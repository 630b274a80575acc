/** Finds the nonce of Bitcoin's first block again, or of any header. */
import { genesisHeader, hashSearch } from 'manyhands/tasks'

export const help = `manyhands run examples/hash-search.mjs [START] [END] [HEADER]
  START, END  window of nonces (default: 2050000000 to 2^32, which holds the answer 2083236893)
  HEADER      80 bytes as hexadecimal digits (default: the first block of Bitcoin)`

export default async function main(grid, { args, progress }) {
  const [start = 2_050_000_000, end = 2 ** 32, header = genesisHeader] = args
  const window = { start: Number(start), end: Number(end), header }
  const { found, nonce, digest, searched } = await progress(grid.run(hashSearch, window))
  return found
    ? `nonce ${nonce} gives ${digest}`
    : `none in ${searched} nonces; the smallest was ${digest}`
}
