/** What the writers of `js` kernels and those who run them have to agree on. */

/**
 * How the sources of `map`, `find` and `reduce` begin; the user's function follows on the same line. It is left out where the
 * place of an error is told.
 */
export const kernelOpening = "(() => { 'use strict'; const kernel = "
