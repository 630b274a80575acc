/** The layer rules of docs/design.md, as a check. Read each rule as "from X nothing but Y". */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import only what docs/design.md allows it`,
  from: { path: `^${from}/` },
  to: { pathNot: allowed.map((p) => `^${p}`) },
})
const NODE = 'coordinator-free-node'
const npm = (...names) => names.map((n) => `node_modules/${n}(/|$)`)

module.exports = {
  forbidden: [
    only('protocol-is-a-leaf', `${NODE}/protocol`, [
      `${NODE}/protocol/`,
      ...npm('zod', 'msgpackr', '@noble/hashes'),
    ]),
    only('core-is-pure', `${NODE}/core`, [`${NODE}/core/`, `${NODE}/protocol/`]),
    ...['membership', 'jobs', 'scheduling', 'hosting', 'verification', 'reciprocity'].map((x) => ({
      name: `core-${x}-stands-alone`,
      severity: 'error',
      comment: 'machines meet only in core/step',
      from: { path: `^${NODE}/core/${x}/` },
      to: { path: `^${NODE}/core/`, pathNot: [`^${NODE}/core/${x}/`, `^${NODE}/core/kit/`] },
    })),
    only('guard-is-pure', `${NODE}/guard`, [`${NODE}/guard/`, 'tasks/host-functions']),
    only('ports-are-types', `${NODE}/ports`, [
      `${NODE}/ports/`,
      `${NODE}/protocol/`,
      `${NODE}/core/`,
    ]),
    {
      name: 'sim-without-shell',
      severity: 'error',
      from: { path: `^${NODE}/sim/` },
      to: { path: `^${NODE}/(shell|cli)/`, pathNot: `^${NODE}/shell/driver` },
    },
    {
      name: 'shell-without-cli-and-sim',
      severity: 'error',
      from: { path: `^${NODE}/shell/` },
      to: { path: `^${NODE}/(sim|cli)/` },
    },
    {
      name: 'sdk-sees-protocol-and-tasks',
      severity: 'error',
      from: { path: '^sdk/' },
      to: { path: `^(${NODE}/(?!protocol/)|examples/|bench/|test/)` },
    },
    only('tasks-see-tasks', 'tasks', ['tasks/', ...npm('zod', '@noble/hashes', 'fflate')]),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dead-files',
      severity: 'error',
      comment:
        'every file is reached from a public entry, the command, a thread or the forked process',
      from: {
        path: `^(${NODE}/index|${NODE}/guard/guard|${NODE}/cli/main|sdk/index|tasks/index|${NODE}/sim/(table|table-rows|soak|directory|quorum-seats)|${NODE}/shell/overlay/stamp-solver|${NODE}/shell/executor/(process|worker|preparer|native-process|native-guard))\\.ts$`,
      },
      to: {
        path: `^(${NODE}|sdk|tasks)/.*\\.ts$`,
        // The threads' process is started by its file's name, the command by package.json.
        pathNot: `\\.d\\.ts$|^${NODE}/(shell/overlay/stamp-solver|shell/executor/(process|worker|preparer|native-process|native-guard)|guard/guard|sim/(table|table-rows|soak|directory|quorum-seats)|cli/main|index)\\.ts$`,
        reachable: false,
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default'] },
  },
}
