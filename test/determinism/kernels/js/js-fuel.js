// Never ends, and catches all that it can.
;({ range }) => {
  let n = range.start
  for (;;) {
    try {
      for (;;) n = (n * 31 + 7) % 1000003
    } catch {
      n++
    } finally {
    }
  }
}
