/** `Promise.withResolvers` for Node 20, which libp2p takes for granted. Imported before libp2p, for its effect. */
interface Resolvers<T> {
  promise: Promise<T>
  resolve: (value: T | PromiseLike<T>) => void
  reject: (reason?: unknown) => void
}

const promises = Promise as unknown as { withResolvers?: <T>() => Resolvers<T> }

promises.withResolvers ??= function withResolvers<T>(): Resolvers<T> {
  let resolve: Resolvers<T>['resolve'] = () => {}
  let reject: Resolvers<T>['reject'] = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

export {}
