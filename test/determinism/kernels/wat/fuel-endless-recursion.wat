;; A tree of calls that would take for ever, never deep.
(memory (export "memory") 1)
(func $grow (param $depth i32)
  (if (i32.eqz (local.get $depth)) (then (call $fold (call $next)) (return)))
  (call $grow (i32.sub (local.get $depth) (i32.const 1)))
  (call $grow (i32.sub (local.get $depth) (i32.const 1))))
(func (export "run") (result i32)
  (call $grow (i32.const 60))
  (i32.const 0))
