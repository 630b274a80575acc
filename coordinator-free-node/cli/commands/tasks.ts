/** `tasks [NAME]`: the built-in tasks, and what parameters they take. */
import type { Command } from 'commander'
import type { AnyTask } from '../../../tasks/contract.js'
import { GridError } from '../../protocol/errors.js'
import { nearestOf } from '../../shell/suggest.js'
import type { Context } from '../context.js'
import { addExamples, addJsonOption, type JsonOption } from '../options.js'
import { loadBuiltinTasks } from '../run/builtin-tasks.js'
import { formatPairs, formatTable } from '../table.js'

/** The part of a JSON schema that people read. */
interface Parameter {
  type?: string
  description?: string
  default?: unknown
  enum?: readonly unknown[]
  minimum?: number
  maximum?: number
}

export function addTasksCommand(program: Command, context: Context): void {
  const command = program
    .command('tasks')
    .argument('[name]', 'left out: lists them')
    .summary('built-in tasks and their parameters')
    .description('Lists the tasks that ship with every node, or the parameters of one.')
    .action((name: string | undefined, options: JsonOption) => showTasks(context, name, options))
  addExamples(addJsonOption(command), [
    ['tasks', 'a line for each task'],
    ['tasks mandelbrot', 'its parameters with their defaults'],
    ['tasks mandelbrot --json', 'its parameters as a JSON schema'],
  ])
}

async function showTasks(
  { terminal }: Context,
  name: string | undefined,
  { json }: JsonOption,
): Promise<void> {
  const tasks = await loadBuiltinTasks()
  if (name === undefined) {
    const list = [...tasks.values()].map((task) => [task.name, task.summary] as const)
    terminal.print(
      json === true ? JSON.stringify({ tasks: Object.fromEntries(list) }) : formatPairs(list),
    )
    return
  }
  const task = tasks.get(name)
  if (task === undefined) throw unknownTask(name, [...tasks.keys()])
  const schema = await schemaOf(task)
  terminal.print(
    json === true
      ? JSON.stringify({ name, summary: task.summary, params: schema })
      : renderTask(task, schema),
  )
}

interface ParamsSchema {
  properties?: Record<string, Parameter>
}

async function schemaOf(task: AnyTask): Promise<ParamsSchema> {
  const { z } = await import('zod')
  // `input`: what a person types, where defaults make a parameter optional. What JSON cannot say reads as anything.
  return z.toJSONSchema(task.params, { io: 'input', unrepresentable: 'any' }) as ParamsSchema
}

function renderTask(task: AnyTask, { properties = {} }: ParamsSchema): string {
  const rows = Object.entries(properties).map(([name, parameter]) => [
    name,
    typeOf(parameter),
    parameter.default === undefined ? '' : shorten(JSON.stringify(parameter.default)),
    parameter.description ?? '',
  ])
  const titles = ['PARAMETER', 'TYPE', 'DEFAULT', 'WHAT'].map((title) => ({ title }))
  return `${task.name}: ${task.summary}\n\n${formatTable(titles, rows)}`
}

const DEFAULT_CHARS_MAX = 24

function shorten(text: string): string {
  return text.length <= DEFAULT_CHARS_MAX ? text : `${text.slice(0, DEFAULT_CHARS_MAX - 3)}...`
}

function typeOf({ type, minimum, maximum, enum: choices }: Parameter): string {
  if (choices !== undefined) return choices.join(' or ')
  const bounds = minimum === undefined || maximum === undefined ? '' : ` ${minimum} to ${maximum}`
  return `${type ?? 'anything'}${bounds}`
}

function unknownTask(name: string, names: readonly string[]): GridError {
  const near = nearestOf(name, names)
  return new GridError('MH_NOT_A_TASK', `there is no built-in task '${name}'`, {
    blame: 'user',
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Built-in tasks: ${names.join(', ')}`,
  })
}
