/** Measures in a page: the runner calls `measure` from outside. */
import { measure } from './measure.ts'
import { measureOwn } from './own.ts'

Object.assign(globalThis, {
  measure: (request: { own?: boolean; steps: number; seconds: number }) =>
    request.own ? measureOwn(request.steps, request.seconds) : measure(request as Parameters<typeof measure>[0]),
})
