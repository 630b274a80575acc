;; Memory grows to where it may: every answer, what is in the new pages, and that the old ones stay. The module asks
;; for more than its task allows.
(memory (export "memory") 1 1000)
(func (export "run") (result i32) (local $i i32) (local $size i32)
  (loop $again
    (call $fold_i32 (memory.grow (i32.rem_u (i32.mul (local.get $i) (i32.const 7)) (i32.const 5))))
    (local.set $size (memory.size))
    (call $fold_i32 (local.get $size))
    (call $fold (i64.load (i32.sub (i32.shl (local.get $size) (i32.const 16)) (i32.const 8))))
    (i64.store (i32.sub (i32.shl (local.get $size) (i32.const 16)) (i32.const 8)) (call $next))
    (call $checkpoint)
    (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 60))))
  (call $fold_i32 (memory.grow (i32.const -1)))
  (call $fold_i32 (memory.grow (i32.const 65536)))
  (call $fold_i32 (memory.grow (i32.const 0)))
  (local.set $i (i32.const 65528))
  (loop $pages
    (call $fold (i64.load (local.get $i)))
    (local.set $i (i32.add (local.get $i) (i32.const 65536)))
    (br_if $pages (i32.lt_u (local.get $i) (i32.shl (memory.size) (i32.const 16)))))
  (call $checkpoint)
  (i32.const 0))
