// Throws from a depth, with a cause: the trap names the line.
;({ range }) => {
  const check = (n) => {
    if (n > 700) throw new RangeError(`${n / 3} is ${'too '.repeat(3)}large`, { cause: n })
    return n
  }
  let sum = 0
  for (let n = range.start; n < range.end; n++) sum += check(n)
  return { value: sum }
}
