/** Every solver by id, found by glob, in the order of lists. */
import type { Solver } from './solvers/solver.ts'

const modules = import.meta.glob<Solver>('./solvers/*.solver.ts', { eager: true, import: 'default' })

export const solvers: Readonly<Record<string, Solver>> = Object.fromEntries(Object.values(modules).sort((a, b) => a.order - b.order).map(solver => [solver.id, solver]))

/** Whether it chooses its steps itself, and so asks for error norms. */
export const isAdaptive = (solver: string): boolean => solvers[solver].tableau?.error !== undefined
