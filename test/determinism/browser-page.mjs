/** The page that a tab opens: starts the thread that runs the corpus, and tells when it cannot. */
const thread = new Worker('/test/determinism/browser-thread.mjs', { type: 'module' })
thread.addEventListener('error', ({ message = 'the thread did not load' }) => {
  void fetch('/fault', { method: 'POST', body: message })
})
