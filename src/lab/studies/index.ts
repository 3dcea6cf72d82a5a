/** Studies of the papers' figures at this scale. */
import { generationStudies } from './generation.ts'
import { lcfStudies } from './lcf.ts'
import { pointStudies } from './points.ts'
import { rivalStudies } from './rivals.ts'
import type { Study } from './study.ts'

export const studies: readonly Study[] = [...lcfStudies, ...rivalStudies, ...generationStudies, ...pointStudies]
