/** Recursion without end with frames of three hundred values, all alive across the call: far fewer of them fit. */
const values = 300

function moduleOf() {
  const each = (line) => Array.from({ length: values }, (_, i) => line(i + 1)).join('\n    ')
  return `(module
  (memory (export "memory") 1)
  (func $deep (param i64) (result i64) (local ${'i64 '.repeat(values)})
    ${each((i) => `(local.set ${i} (i64.mul (i64.add (local.get ${i - 1}) (local.get 0)) (i64.const ${2 * i + 1})))`)}
    (local.set 1 (call $deep (local.get ${values})))
    ${each((i) => `(local.set 0 (i64.xor (local.get 0) (local.get ${i})))`)}
    (local.get 0))
  (func (export "run") (result i32)
    (i32.wrap_i64 (call $deep (i64.const 1)))))
`
}

/** Modules in the text format, by name. */
export const wideFrames = { 'stack-wide-frames': moduleOf }
