/**
 * The programs behind `map`, `find` and `reduce`: the user's functions in a loop over the items of a unit. Each
 * evaluates to `(unit: JsUnit) => { hit?, value }` as the task contract wants it. The inputs of a list unit are
 * `ListUnit`; those of a range unit are its integers.
 */
import { kernelOpening } from '../tasks/js-kernel.js'
import { type KernelSource, nameShim } from './kernel-source.js'

/** Input of one unit of a list job, as it is encoded. */
export interface ListUnit {
  /** Position of the first item in the whole input. */
  first: number
  items: readonly unknown[]
}

/**
 * What every body sees: `kernel` and the other functions, `length` items, `itemAt(i)`, `params`, and `first`, the position
 * of item 0 in the list. The kernel begins on the first line: a fault in it is reported at the line that its author counts.
 */
function program(
  kernel: KernelSource,
  body: string,
  others: Record<string, KernelSource> = {},
  check?: { source: KernelSource; body: string },
): string {
  const constants = Object.entries(others)
    .map(([name, { source }]) => `const ${name} = ${source};\n`)
    .join('')
  const opening = `const length = range === undefined ? input.items.length : range.end - range.start;
const itemAt = (i) => (range === undefined ? input.items[i] : range.start + i);
const first = range === undefined ? input.first : 0;`
  const run = `({ range, input, params }) => {
${opening}
${body}
}`
  const whole =
    check === undefined
      ? run
      : `{ run: ${run},
check: ({ range, input, params }, { hit, value }) => {
const check = ${check.source.source};
${opening}
${check.body}
} }`
  // The shim and the loop are out of the functions' sight: free names were refused before.
  return `${kernelOpening}${kernel.source};
${constants}const ${nameShim} = (f) => f;
return ${whole};
})()`
}

/**
 * Value of a unit: the kernel's results, one an item, in order.
 *
 * @param check  says of an item and its result whether that is right; a unit passes with all of its items
 */
export function mapProgram(kernel: KernelSource, check?: KernelSource): string {
  return program(
    kernel,
    `const value = [];
for (let i = 0; i < length; i++) value.push(kernel(itemAt(i), params));
return { value };`,
    {},
    check && { source: check, body: checkEach },
  )
}

const checkEach = `if (hit || !Array.isArray(value) || value.length !== length) return false;
for (let i = 0; i < length; i++) if (check(itemAt(i), value[i], params) !== true) return false;
return true;`

/**
 * Value of a unit: `{ item, index }` of the first item found, null for none. In a list `index` counts from its start; in
 * a range from the unit's, as the item itself says where it stands.
 *
 * Where the kernel gives witnesses, `found nothing` is `{ scanned, witness }`: FNV-1a over all of them, in order. Who
 * has not computed each one does not know it.
 */
export function findProgram(kernel: KernelSource): string {
  return program(
    kernel,
    `let witness = 0x811c9dc5;
let scanned = 0;
for (let i = 0; i < length; i++) {
const item = itemAt(i);
const said = kernel(item, params);
const isFull = typeof said === 'object' && said !== null && 'hit' in said;
if (isFull ? said.hit : said) return { hit: true, value: { item, index: first + i } };
if (!isFull || said.witness === undefined) continue;
scanned++;
const text = String(said.witness);
for (let k = 0; k < text.length; k++) witness = Math.imul(witness ^ text.charCodeAt(k), 0x01000193);
witness = Math.imul(witness ^ 0x10000, 0x01000193);
}
return { hit: false, value: scanned === 0 ? null : { scanned, witness: witness >>> 0 } };`,
  )
}

/** Value of a unit: its items' results, combined from left to right. */
export function reduceProgram(kernel: KernelSource, combine: KernelSource): string {
  return program(
    kernel,
    `let value = kernel(itemAt(0), params);
for (let i = 1; i < length; i++) value = combine(value, kernel(itemAt(i), params));
return { value };`,
    { combine },
  )
}
