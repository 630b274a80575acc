;; Recursion through a table, where nobody sees it coming.
(memory (export "memory") 1)
(type $step (func (param i32) (result i32)))
(table funcref (elem $one $two))
(func $one (type $step) (i32.add (call_indirect (type $step) (i32.add (local.get 0) (i32.const 1)) (i32.const 1)) (i32.const 1)))
(func $two (type $step) (i32.mul (call_indirect (type $step) (i32.add (local.get 0) (i32.const 3)) (i32.const 0)) (i32.const 3)))
(func (export "run") (result i32)
  (call $fold_i32 (call_indirect (type $step) (i32.const 0) (i32.const 0)))
  (i32.const 0))
