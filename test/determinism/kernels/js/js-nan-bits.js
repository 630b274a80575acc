// The bits of NaNs, by every way that a script has to see them.
;({ range }) => {
  const zero = range.start
  const nans = [
    NaN,
    -NaN,
    0 / 0,
    zero / zero,
    -(zero / zero),
    Infinity - Infinity,
    Infinity * 0,
    Math.sqrt(-1),
    Math.log(-1),
    Math.asin(2),
    (-8) ** (1 / 3),
    5 % 0,
    Infinity % 2,
    Number('x'),
    parseFloat(''),
    undefined + 1,
    Math.max(NaN, 1),
    Math.min(),
    Math.hypot(NaN),
    Math.fround(NaN),
    Math.sign(NaN),
    Math.atan2(NaN, 1),
    Math.cbrt(NaN),
    Math.round(-NaN),
    +{},
    +'1n',
    -undefined,
    Math.acosh(0),
    Math.log1p(-2),
  ]
  const bytes = []
  const view = new DataView(new ArrayBuffer(16))
  const double = new Float64Array(1)
  const single = new Float32Array(1)
  for (const x of nans) {
    double[0] = x
    single[0] = x
    view.setFloat64(0, x)
    view.setFloat32(8, x)
    view.setFloat32(12, -x, true)
    bytes.push(
      [
        ...new Uint8Array(double.buffer),
        ...new Uint8Array(single.buffer),
        ...new Uint8Array(view.buffer),
      ].join(),
    )
    bytes.push(
      [...new Uint8Array(Float64Array.of(x, -x, Math.abs(x)).buffer)].join(),
      new BigUint64Array(Float64Array.of(x + 1).buffer)[0],
    )
  }
  // From bits to a NaN and back.
  const wide = new BigUint64Array([
    0x7ff8dead0000beefn,
    0x7ff0000000000001n,
    0xfff8000000000000n,
    0xffffffffffffffffn,
  ])
  const doubles = new Float64Array(wide.buffer)
  const narrow = new Float32Array(new Uint32Array([0x7fc12345, 0x7f800001, 0xffc00000]).buffer)
  const moved = Float64Array.from(doubles)
  const widened = Float64Array.from(narrow)
  doubles.sort()
  const texts = [
    moved,
    doubles,
    widened,
    doubles.map((x) => -x),
    Float32Array.from(moved),
    narrow.map((x) => x * 2),
  ]
  return {
    value: [
      bytes,
      texts.map((array) => [...new Uint8Array(array.buffer)].join()),
      nans.map((x) => Object.is(x, NaN)),
    ],
  }
}
