;; Large copies and fills cost what they move.
(memory (export "memory") 16)
(func (export "run") (result i32)
  (loop $again
    (memory.fill (i32.const 8) (i32.const 7) (i32.const 500000))
    (memory.copy (i32.const 500008) (i32.const 8) (i32.const 400000))
    (call $fold (i64.load (i32.const 600000)))
    (br $again))
  (i32.const 0))
