/** Whoever asks for the host's runner gets the faulty one, which asks for the real one. */
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  const isReal = found.url.endsWith('/shell/host-runner.js')
  if (!isReal || context.parentURL?.endsWith('/faulty-host-runner.mjs') === true) return found
  return { ...found, url: new URL('./faulty-host-runner.mjs', import.meta.url).href }
}
