// Typed arrays and views: rounding, wrapping, clamping, byte order, overlap, resizing, out of range.
;({ range }) => {
  const types = [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ]
  const values = [
    0,
    -0,
    1.5,
    2.5,
    -1.5,
    255.5,
    256,
    -129,
    32768,
    65535.5,
    2 ** 31,
    2 ** 32 + 1,
    2 ** 53,
    1e300,
    -1e-300,
    Infinity,
    -Infinity,
  ]
  const lines = types.map((Type) => [...Type.from(values)].map(String).join())
  const buffer = new ArrayBuffer(64)
  const view = new DataView(buffer)
  for (let i = range.start; i < range.end; i++) {
    const at = (i * 13) % 56
    if (i % 4 === 0) view.setFloat64(at, i / 3, i % 8 === 0)
    else if (i % 4 === 1) view.setInt16(at, i * 7919, true)
    else if (i % 4 === 2) view.setBigUint64(at, BigInt(i) * 0x123456789abcdefn)
    else view.setFloat32(at, i * 1.1)
    if (i % 50 === 0) lines.push(new Uint8Array(buffer).join())
  }
  const words = new Uint32Array(buffer)
  words.copyWithin(3, 1, 9)
  words.subarray(2, 6).reverse()
  words.set(new Uint16Array(buffer, 6, 8), 4)
  lines.push(
    words.join(),
    words.slice(-3).join(),
    [...new Int16Array(buffer).sort()].join(),
    String(words.indexOf(words[5])),
  )
  const faults = [
    () => new Float64Array(buffer, 4),
    () => view.getInt32(61),
    () => new Uint8Array(-1),
    () => new BigInt64Array([1]),
  ].map((wrong) => {
    try {
      return String(wrong())
    } catch (error) {
      return error.name + ': ' + error.message
    }
  })
  return { value: [lines, faults, new Uint8Array(buffer)] }
}
