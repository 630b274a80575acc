;; What the modules in this folder share: the build puts it before the fields of each. They fold what they compute
;; into one number; memory 0 to 7 is for writing it out.
(import "grid" "output_write" (func $output_write (param i32 i32)))
(import "grid" "input_size" (func $input_size (result i32)))
(import "grid" "input_read" (func $input_read (param i32)))
(import "grid" "params_size" (func $params_size (result i32)))
(import "grid" "params_read" (func $params_read (param i32)))
(import "grid" "random" (func $random (param i32 i32)))
(import "grid" "log" (func $log (param i32 i32)))
(import "grid" "progress" (func $progress (param f64)))
(global $folded (mut i64) (i64.const 0x243f6a8885a308d3))
(global $noise (mut i64) (i64.const 0x9e3779b97f4a7c15))
(func $fold (param $value i64)
  (global.set $folded
    (i64.mul (i64.xor (global.get $folded) (local.get $value)) (i64.const 0xff51afd7ed558ccd)))
  (global.set $folded
    (i64.xor (global.get $folded) (i64.shr_u (global.get $folded) (i64.const 32)))))
(func $fold_i32 (param i32) (call $fold (i64.extend_i32_u (local.get 0))))
(func $fold_f32 (param f32) (call $fold_i32 (i32.reinterpret_f32 (local.get 0))))
(func $fold_f64 (param f64) (call $fold (i64.reinterpret_f64 (local.get 0))))
(func $checkpoint
  (i64.store (i32.const 0) (global.get $folded))
  (call $output_write (i32.const 0) (i32.const 8)))
(func $next (result i64)
  (global.set $noise
    (i64.add (i64.mul (global.get $noise) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
  (i64.xor (global.get $noise) (i64.shr_u (global.get $noise) (i64.const 29))))
