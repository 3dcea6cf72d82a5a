/** Measures in Node, on Dawn: the request is the first argument, the measurement is sent to the parent. */
import { create, globals } from 'webgpu'

Object.assign(globalThis, globals)
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'Node' }, configurable: true })

const request = JSON.parse(process.argv[2])
const measurement = request.profile
  ? await (await import('./profile.ts')).profile(request)
  : request.own ? await (await import('./own.ts')).measureOwn(request.steps, request.seconds)
  : await (await import('./measure.ts')).measure(request)
process.send!(measurement, () => process.exit(0))
