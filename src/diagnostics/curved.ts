/** What diagnostics that know the linear path alone say to others. */
import type { Config } from '../config.ts'
import { isLinear, pathsOf } from '../flow/place.ts'

/** Why it cannot be measured where a path is not linear; undefined where all are. */
export function refuseCurved(config: Config): string | undefined {
  const curved = pathsOf(config).find(path => !isLinear(path))
  return curved && `it is about the linear path, and a replica here was trained along another (${curved.label}); take objective.path linear for all`
}
