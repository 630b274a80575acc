;; Branch tables, branches out of several loops at once, and returns from within: each way has its own cost.
(memory (export "memory") 1)
(func $route (param $x i32) (result i32)
  (block $d (block $c (block $b (block $a
    (br_table $a $b $c $d $b $a $d $c (i32.and (local.get $x) (i32.const 15))))
    (return (i32.add (local.get $x) (i32.const 1))))
    (local.set $x (i32.mul (local.get $x) (i32.const 3))))
    (if (i32.and (local.get $x) (i32.const 4)) (then (return (i32.const 9)))))
  (i32.xor (local.get $x) (i32.const 0x55)))
(func $leave (param $x i32) (result i32) (local $i i32) (local $j i32)
  (block $out
    (loop $outer
      (local.set $j (i32.const 0))
      (loop $inner
        (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1103515245)) (i32.const 12345)))
        (br_if $out (i32.eqz (i32.and (local.get $x) (i32.const 0x7f0))))
        (br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 5))))
      (if (i32.eqz (i32.and (local.get $x) (i32.const 0x1800))) (then (return (i32.sub (i32.const 0) (local.get $i)))))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20)))))
  (local.get $x))
(func (export "run") (result i32) (local $i i32)
  (loop $again
    (call $fold_i32 (call $route (i32.wrap_i64 (call $next))))
    (call $fold_i32 (call $leave (i32.wrap_i64 (call $next))))
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 500))) (then (call $checkpoint)))
    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))
  (call $checkpoint)
  (i32.const 0))
