/** All hostile units, by family. */
import { commands } from './commands.mjs'
import { compile } from './compile.mjs'
import { damaged } from './damaged.mjs'
import { engine } from './engine.mjs'
import { escapes } from './escapes.mjs'
import { loops } from './loops.mjs'
import { modules } from './modules.mjs'
import { reach } from './reach.mjs'
import { results } from './results.mjs'
import { sources } from './sources.mjs'
import { space } from './space.mjs'
import { traps } from './traps.mjs'

export const corpus = [
  ...loops,
  ...space,
  ...compile,
  ...escapes,
  ...reach,
  ...traps,
  ...modules,
  ...commands,
  ...damaged,
  ...engine,
  ...sources,
  ...results,
]
