/**
 * The names that a piece of JavaScript takes from outside itself, found by walking its syntax tree with the scoping
 * rules of the language. Patterns need no care of their own: what they declare is in scope before they are walked.
 */
import type { AnyNode, Function as FunctionNode, Node, Pattern } from 'acorn'

export interface FreeName {
  /** An identifier, or `this`, `super`, `import()`, `import.meta`. */
  name: string
  /** Position of the first use in the source. */
  start: number
  /** True when every use is `typeof name`, which works without the name. */
  onlyTypeof: boolean
}

interface Scope {
  readonly names: Set<string>
  readonly parent: Scope | undefined
  /** Whether `this` is bound here: a function that is no arrow, or a class. */
  readonly bindsThis: boolean
}

/**
 * @param root  a function; its own `this` counts as free, as nobody binds it on the grid
 * @returns in the order of first use
 */
export function freeNames(root: AnyNode): FreeName[] {
  const walker = new Walker(root)
  walker.walk(root, { names: new Set(), parent: undefined, bindsThis: false })
  return [...walker.free.values()].sort((a, b) => a.start - b.start)
}

class Walker {
  readonly free = new Map<string, FreeName>()
  readonly #root: AnyNode

  constructor(root: AnyNode) {
    this.#root = root
  }

  walk(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#use(node.name, node, scope)
        return
      case 'ThisExpression':
        this.#useThis('this', node, scope)
        return
      case 'Super':
        this.#useThis('super', node, scope)
        return
      case 'ImportExpression':
        this.#take('import()', node, false)
        this.#walkChildren(node, scope)
        return
      case 'MetaProperty':
        if (node.meta.name === 'import') this.#take('import.meta', node, false)
        return
      case 'UnaryExpression':
        if (node.operator === 'typeof' && node.argument.type === 'Identifier') {
          this.#use(node.argument.name, node, scope, true)
        } else this.walk(node.argument, scope)
        return
      case 'MemberExpression':
        this.walk(node.object, scope)
        if (node.computed) this.walk(node.property, scope)
        return
      case 'Property':
        if (node.computed) this.walk(node.key, scope)
        this.walk(node.value, scope)
        return
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.walk(node.key, scope)
        if (node.value) this.walk(node.value, inner(scope, true))
        return
      case 'LabeledStatement':
        this.walk(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
        return
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#walkFunction(node, scope)
        return
      default:
        this.#walkBlock(node, scope)
    }
  }

  /** What opens a scope of its own, or none. */
  #walkBlock(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const own = inner(scope)
        if (node.id) own.names.add(node.id.name)
        if (node.superClass) this.walk(node.superClass, own)
        for (const member of node.body.body) this.walk(member, own)
        return
      }
      case 'StaticBlock':
      case 'BlockStatement': {
        const own = inner(scope, node.type === 'StaticBlock')
        declareLexical(node.body, own.names)
        if (node.type === 'StaticBlock')
          for (const child of node.body) declareVars(child, own.names)
        for (const child of node.body) this.walk(child, own)
        return
      }
      case 'SwitchStatement': {
        this.walk(node.discriminant, scope)
        const own = inner(scope)
        declareLexical(
          node.cases.flatMap((branch) => branch.consequent),
          own.names,
        )
        for (const branch of node.cases) this.#walkChildren(branch, own)
        return
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement': {
        const own = inner(scope)
        const head = node.type === 'ForStatement' ? node.init : node.left
        if (head) declareLexical([head], own.names)
        this.#walkChildren(node, own)
        return
      }
      case 'CatchClause': {
        const own = inner(scope)
        if (node.param) declarePattern(node.param, own.names)
        this.#walkChildren(node, own)
        return
      }
      default:
        this.#walkChildren(node, scope)
    }
  }

  #walkFunction(node: FunctionNode & AnyNode, scope: Scope): void {
    const isArrow = node.type === 'ArrowFunctionExpression'
    const own = inner(scope, !isArrow && node !== this.#root)
    if (!isArrow) own.names.add('arguments')
    if ('id' in node && node.id) own.names.add(node.id.name)
    for (const param of node.params) declarePattern(param, own.names)
    declareVars(node.body, own.names)
    for (const param of node.params) this.walk(param, own)
    this.walk(node.body, own)
  }

  #walkChildren(node: Node, scope: Scope): void {
    for (const child of childrenOf(node)) this.walk(child, scope)
  }

  #use(name: string, node: Node, scope: Scope, isTypeof = false): void {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      if (at.names.has(name)) return
    }
    this.#take(name, node, isTypeof)
  }

  #useThis(name: string, node: Node, scope: Scope): void {
    for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
      if (at.bindsThis) return
    }
    this.#take(name, node, false)
  }

  #take(name: string, node: Node, isTypeof: boolean): void {
    const known = this.free.get(name)
    if (known === undefined) this.free.set(name, { name, start: node.start, onlyTypeof: isTypeof })
    else known.onlyTypeof &&= isTypeof
  }
}

function inner(parent: Scope, bindsThis = false): Scope {
  return { names: new Set(), parent, bindsThis }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function childrenOf(node: Node): AnyNode[] {
  return Object.values(node).flatMap((value: unknown) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  )
}

function isFunction(node: AnyNode): boolean {
  return /^(Function(Declaration|Expression)|ArrowFunctionExpression)$/.test(node.type)
}

function declarePattern(pattern: Pattern, names: Set<string>): void {
  switch (pattern.type) {
    case 'Identifier':
      names.add(pattern.name)
      return
    case 'ObjectPattern':
      for (const property of pattern.properties) {
        declarePattern(property.type === 'Property' ? property.value : property.argument, names)
      }
      return
    case 'ArrayPattern':
      for (const element of pattern.elements) if (element) declarePattern(element, names)
      return
    case 'RestElement':
      declarePattern(pattern.argument, names)
      return
    case 'AssignmentPattern':
      declarePattern(pattern.left, names)
      return
    default:
  }
}

/** Declares `let`, `const`, `class` and functions of one block. */
function declareLexical(statements: readonly AnyNode[], names: Set<string>): void {
  for (const statement of statements) {
    if (statement.type === 'VariableDeclaration') {
      for (const { id } of statement.declarations) declarePattern(id, names)
    } else if (
      (statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') &&
      statement.id
    ) {
      names.add(statement.id.name)
    }
  }
}

/** Declares every `var` of a function, however deep in its blocks. */
function declareVars(node: AnyNode, names: Set<string>): void {
  if (isFunction(node)) return
  if (node.type === 'VariableDeclaration' && node.kind === 'var') {
    for (const { id } of node.declarations) declarePattern(id, names)
  }
  for (const child of childrenOf(node)) declareVars(child, names)
}
