/** Measures in Node, on Dawn: the request is the first argument, the measurement is sent to the parent. */
import { create, globals } from 'webgpu'
import { pollSeldom } from '../../src/cli/poll.ts'
import { isSoftwareAdapter } from '../../src/engine/device.ts'

Object.assign(globalThis, globals)
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create([]), userAgent: 'Node' }, configurable: true })

// As the lab's terminal does it, and for every peer alike.
const adapter = await navigator.gpu.requestAdapter()
if (adapter && isSoftwareAdapter(adapter.info)) pollSeldom()

const request = JSON.parse(process.argv[2])
const measurement = request.profile
  ? await (await import('./profile.ts')).profile(request)
  : request.own ? await (await import('./own.ts')).measureOwn(request.steps, request.seconds)
  : await (await import('./measure.ts')).measure(request)
process.send!(measurement, () => process.exit(0))
