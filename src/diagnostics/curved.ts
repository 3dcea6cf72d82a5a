/** What diagnostics that know the linear path alone say to others. */
import type { Config } from '../config.ts'
import { commonPath, isLinear, pathsOf } from '../flow/place.ts'

/** Why it cannot be measured where a path is not linear; undefined where all are. */
export function refuseCurved(config: Config): string | undefined {
  const curved = pathsOf(config).find(path => !isLinear(path))
  return curved && `it is about the linear path, and a replica here was trained along another (${curved.label}); take objective.path linear for all`
}

/** Why it cannot be measured where paths differ; undefined where there is one. */
export const refuseDifferent = (config: Config): string | undefined => (commonPath(config) ? undefined : 'the replicas’ paths differ, and with them what is best at a noise level; take one objective.path for all')
