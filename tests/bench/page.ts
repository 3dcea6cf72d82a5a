/** Measures in a page: the runner calls `measure` from outside. */
import { measure } from './measure.ts'
import { measureOwn } from './own.ts'
import { profile } from './profile.ts'

Object.assign(globalThis, {
  measure: (request: { own?: boolean; profile?: boolean; work: string; steps: number; seconds: number }) =>
    request.profile ? profile(request) : request.own ? measureOwn(request.steps, request.seconds) : measure(request as Parameters<typeof measure>[0]),
})
