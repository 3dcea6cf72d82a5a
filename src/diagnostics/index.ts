/** All diagnostics by id, in the order in which they are listed; found by glob. */
import type { z } from 'zod'
import { ConfigError } from '../config.ts'
import type { Settings } from '../panel.ts'
import type { Diagnostic } from './diagnostic.ts'

// By their default exports alone, so that a bundle which never measures holds nothing of what measuring needs.
const modules = import.meta.glob<Diagnostic>('./*.diagnostic.ts', { eager: true, import: 'default' })

export const diagnostics: Record<string, Diagnostic> = Object.fromEntries(Object.values(modules).sort((a, b) => a.order - b.order).map(diagnostic => [diagnostic.id, diagnostic]))

/** @throws ConfigError with one sentence that names the diagnostics there are */
export function diagnosticOf(id: string): Diagnostic {
  const diagnostic = Object.hasOwn(diagnostics, id) ? diagnostics[id] : undefined
  if (!diagnostic) throw new ConfigError(`there is no diagnostic "${id}"; there are ${Object.keys(diagnostics).join(', ')}`)
  return diagnostic
}

/** Settings with every default in place. @throws ConfigError: which field, what is wrong, what would be accepted */
export function parseSettings({ id, settings: schema }: Diagnostic, settings: Settings): z.output<z.ZodObject> & Settings {
  const result = schema.safeParse(settings)
  if (result.success) return result.data as z.output<z.ZodObject> & Settings
  const [{ path, message }] = result.error.issues
  throw new ConfigError(`${[id, ...path].join('.')}: ${message}`)
}
