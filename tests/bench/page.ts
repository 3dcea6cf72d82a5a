/** Measures in a page: the runner calls `measure` from outside. */
import { measure } from './measure.ts'

Object.assign(globalThis, { measure })
