/** All hostile units, by family. */
import { compile } from './compile.mjs'
import { damaged } from './damaged.mjs'
import { escapes } from './escapes.mjs'
import { loops } from './loops.mjs'
import { space } from './space.mjs'
import { traps } from './traps.mjs'

export const corpus = [...loops, ...space, ...compile, ...escapes, ...traps, ...damaged]
