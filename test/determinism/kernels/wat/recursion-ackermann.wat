;; Ackermann's function: deep, and deep again.
(memory (export "memory") 1)
(func $ackermann (param $m i64) (param $n i64) (result i64)
  (if (i64.eqz (local.get $m)) (then (return (i64.add (local.get $n) (i64.const 1)))))
  (if (i64.eqz (local.get $n)) (then (return (call $ackermann (i64.sub (local.get $m) (i64.const 1)) (i64.const 1)))))
  (call $ackermann (i64.sub (local.get $m) (i64.const 1)) (call $ackermann (local.get $m) (i64.sub (local.get $n) (i64.const 1)))))
(func (export "run") (result i32) (local $n i64)
  (loop $again
    (call $fold (call $ackermann (i64.const 2) (local.get $n)))
    (call $fold (call $ackermann (i64.const 3) (local.get $n)))
    (call $checkpoint)
    (br_if $again (i64.lt_u (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.const 7))))
  (i32.const 0))
