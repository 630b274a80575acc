;; Minima, maxima and signs, with both zeros, infinities and NaNs on both sides.
(memory (export "memory") 1)
(func $both (param $a f64) (param $b f64) (local $c f32) (local $d f32)
  (local.set $c (f32.demote_f64 (local.get $a)))
  (local.set $d (f32.demote_f64 (local.get $b)))
  (call $fold_f64 (f64.min (local.get $a) (local.get $b)))
  (call $fold_f64 (f64.max (local.get $a) (local.get $b)))
  (call $fold_f64 (f64.copysign (local.get $a) (local.get $b)))
  (call $fold_f64 (f64.sub (local.get $a) (local.get $b)))
  (call $fold_f32 (f32.min (local.get $c) (local.get $d)))
  (call $fold_f32 (f32.max (local.get $c) (local.get $d)))
  (call $fold_f32 (f32.copysign (local.get $c) (local.get $d)))
  (call $fold_f32 (f32.add (local.get $c) (local.get $d)))
  (call $fold_i32 (i32.add
    (i32.add (f64.eq (local.get $a) (local.get $b)) (i32.shl (f64.lt (local.get $a) (local.get $b)) (i32.const 1)))
    (i32.add (i32.shl (f32.ne (local.get $c) (local.get $d)) (i32.const 2)) (i32.shl (f32.ge (local.get $c) (local.get $d)) (i32.const 3))))))
(data (i32.const 64)
  "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\80" "\00\00\00\00\00\00\f0\7f" "\00\00\00\00\00\00\f0\ff"
  "\00\00\00\00\00\00\f8\7f" "\01\00\00\00\00\00\f0\7f" "\ef\be\00\00\00\00\fc\ff" "\00\00\00\00\00\00\f0\3f"
  "\00\00\00\00\00\00\f0\bf" "\01\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\80" "\ff\ff\ff\ff\ff\ff\ef\7f")
(func (export "run") (result i32) (local $i i32) (local $j i32) (local $a f64)
  (loop $rows
    (local.set $j (i32.const 0))
    (local.set $a (f64.load offset=64 (i32.shl (local.get $i) (i32.const 3))))
    (loop $columns
      (call $both (local.get $a) (f64.load offset=64 (i32.shl (local.get $j) (i32.const 3))))
      (br_if $columns (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 12))))
    (call $checkpoint)
    (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 12))))
  (local.set $i (i32.const 3000))
  (loop $again
    (call $both (f64.reinterpret_i64 (call $next)) (f64.reinterpret_i64 (call $next)))
    (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
  (call $checkpoint)
  (i32.const 0))
