/** All methods by id, found by glob, in the order in which they are listed. */
import type { Method } from './method.ts'

const modules = import.meta.glob<{ default: Method }>('./*.method.ts', { eager: true })

export const methods: Record<string, Method> = Object.fromEntries(
  Object.values(modules).map(module => module.default).sort((a, b) => a.order - b.order).map(method => [method.id, method]),
)

/** @throws RangeError with one sentence that names the methods there are */
export function methodOf(id: string): Method {
  const method = methods[id]
  if (!method) throw new RangeError(`there is no method "${id}"; there are ${Object.keys(methods).join(', ')}`)
  return method
}
