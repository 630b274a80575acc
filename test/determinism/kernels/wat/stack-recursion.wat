;; Calls itself for ever: the call stack ends at the same depth everywhere, which the fuel tells.
(memory (export "memory") 1)
(func $deep (param i64) (result i64)
  (i64.add (call $deep (i64.add (local.get 0) (i64.const 1))) (local.get 0)))
(func (export "run") (result i32)
  (call $checkpoint)
  (call $fold (call $deep (i64.const 0)))
  (i32.const 0))
