;; Three functions that call each other for ever, with frames of different size.
(memory (export "memory") 1)
(func $a (param i32) (result i32) (call $b (local.get 0) (f64.const 1)))
(func $b (param i32 f64) (result i32) (local i64 i64 i64 i64) (i32.add (i32.const 1) (call $c (local.get 0) (i64.const 1) (v128.const i64x2 1 2))))
(func $c (param i32 i64 v128) (result i32) (local v128 v128) (i32.xor (local.get 0) (call $a (i32.add (local.get 0) (i32.const 1)))))
(func (export "run") (result i32)
  (call $fold_i32 (call $a (i32.const 0)))
  (i32.const 0))
