;; The start function is metered, too.
(memory (export "memory") 1)
(func $start (loop $again (call $fold (call $next)) (br $again)))
(start $start)
(func (export "run") (result i32) (i32.const 0))
