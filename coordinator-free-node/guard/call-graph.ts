/**
 * Who may call whom, and what follows from it: which functions recur (their depth has to be counted), how much stack
 * those need that do not, and an order in which callees come before their callers.
 *
 * Calls through a table go to every function of that type that the module lets out; a node of the graph stands for
 * the type, so that the graph stays as large as the module.
 *
 * Source: R. Tarjan, Depth-first search and linear graph algorithms (1972).
 */
import type { FunctionFacts } from './function-body.js'

export interface CallNode {
  /** May end up in itself. */
  isRecursive: boolean
  /** Is, or may end up in, a function that recurs. */
  isDeep: boolean
  /** Stack that its frame and those below it need, up to and without the next function that recurs; slots. */
  slots: number
}

export interface CallGraph {
  /** By function index; imported functions are leaves without a frame. */
  nodes: CallNode[]
  /** Function indexes, callees before callers; those that recur among each other in any order. */
  order: number[]
}

export interface CallGraphInput {
  /** By function index; undefined for imported ones. */
  facts: readonly (FunctionFacts | undefined)[]
  /** Identity of each function's type. */
  identities: readonly number[]
  /** Functions that a table may hold. */
  referred: ReadonlySet<number>
}

/** @returns the graph, in time linear in functions and calls */
export function callGraphOf({ facts, identities, referred }: CallGraphInput): CallGraph {
  const count = facts.length
  const held = new Map<number, number[]>()
  for (const index of referred) {
    const identity = identities[index] as number
    const list = held.get(identity)
    if (list === undefined) held.set(identity, [index])
    else list.push(index)
  }
  const typeNodes = new Map([...held.keys()].map((identity, i) => [identity, count + i]))
  const edges: number[][] = facts.map((fact) => {
    if (fact === undefined) return []
    const through = fact.calledTypes.flatMap((identity) => typeNodes.get(identity) ?? [])
    return [...fact.callees, ...through]
  })
  for (const list of held.values()) edges.push(list)

  const nodes: CallNode[] = edges.map(() => ({ isRecursive: false, isDeep: false, slots: 0 }))
  const order: number[] = []
  for (const component of componentsOf(edges)) {
    const [first] = component as [number]
    const isRecursive = component.length > 1 || (edges[first] as number[]).includes(first)
    for (const index of component) {
      const node = nodes[index] as CallNode
      node.isRecursive = isRecursive
      if (index < count) order.push(index)
    }
    // Type nodes first: they have no frame to check, so whoever calls through one needs what its functions need. All
    // that lies below is known by now, but for members of this component, and those check their own frames.
    for (const index of component.sort((a, b) => b - a)) {
      const node = nodes[index] as CallNode
      let below = 0
      node.isDeep = isRecursive
      for (const callee of edges[index] as number[]) {
        const other = nodes[callee] as CallNode
        node.isDeep ||= other.isDeep
        if (!other.isRecursive || callee >= count) below = Math.max(below, other.slots)
      }
      node.slots = below + (facts[index]?.frameSlots ?? 0)
    }
  }
  return { nodes: nodes.slice(0, count), order }
}

/** Strongly connected components, callees first. Without recursion: a module may chain 100,000 functions. */
function componentsOf(edges: readonly (readonly number[])[]): number[][] {
  const components: number[][] = []
  const seen = new Int32Array(edges.length)
  const low = new Int32Array(edges.length)
  const next = new Int32Array(edges.length)
  const isOpen = new Uint8Array(edges.length)
  const open: number[] = []
  const path: number[] = []
  let clock = 0
  const enter = (node: number) => {
    clock++
    seen[node] = clock
    low[node] = clock
    isOpen[node] = 1
    open.push(node)
    path.push(node)
  }
  const lower = (node: number, to: number) => {
    low[node] = Math.min(low[node] as number, to)
  }
  for (let root = 0; root < edges.length; root++) {
    if (seen[root] !== 0) continue
    enter(root)
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const callee = edges[node]?.[next[node] as number]
      if (callee !== undefined) {
        next[node] = (next[node] as number) + 1
        if (seen[callee] === 0) enter(callee)
        else if (isOpen[callee] === 1) lower(node, seen[callee] as number)
        continue
      }
      path.pop()
      const caller = path.at(-1)
      if (caller !== undefined) lower(caller, low[node] as number)
      if (low[node] === seen[node]) components.push(closeComponent(node, open, isOpen))
    }
  }
  return components
}

function closeComponent(root: number, open: number[], isOpen: Uint8Array): number[] {
  const component: number[] = []
  for (;;) {
    const member = open.pop() as number
    isOpen[member] = 0
    component.push(member)
    if (member === root) return component
  }
}
