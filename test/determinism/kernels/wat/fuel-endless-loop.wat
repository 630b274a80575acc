;; Never ends: stops where its fuel does, with the same words and none of its result.
(memory (export "memory") 1)
(func (export "run") (result i32)
  (loop $again
    (call $fold (call $next))
    (call $checkpoint)
    (br $again))
  (i32.const 0))
