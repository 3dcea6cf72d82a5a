/** What diagnostics do, by id: the half that the page leaves to the training thread. */
import type { z } from 'zod'
import type { Measure, Theory } from './diagnostic.ts'

interface Work {
  measure: Measure<z.ZodObject>
  theory?: Theory<z.ZodObject>
}

const modules = import.meta.glob<Work & { default: { id: string } }>('./*.diagnostic.ts', { eager: true })

export const works: Record<string, Work> = Object.fromEntries(Object.values(modules).map(module => [module.default.id, module]))
