/** The GPU in Node, through Dawn (npm `webgpu`). */
import { DeviceObstacle, findDevice, type FoundDevice } from '../engine/device.ts'
import { CommandError, EXIT } from './failure.ts'
import { pollSeldom } from './poll.ts'

/** Kept for the life of the process: once Dawn's instance is collected, its threads use freed memory and the process dies. */
let instance: GPU | undefined

export interface Machine extends FoundDevice {
  /** Rejects when the GPU is lost or reports an error that no scope caught; never resolves. */
  broken: Promise<never>
}

/** @throws CommandError with one sentence when there is no GPU to be had */
export async function openMachine(): Promise<Machine> {
  const dawn = await import('webgpu').catch(() => null)
  if (!dawn) throw new CommandError('the npm package webgpu (Dawn for Node) has no build for this system, so the lab runs only in a browser here', EXIT.failed)
  Object.assign(globalThis, dawn.globals) // GPUBufferUsage, GPUMapMode ...
  instance ??= dawn.create([])
  try {
    const found = await findDevice(instance)
    if (found.capabilities.software) pollSeldom()
    const broken = new Promise<never>((_, reject) => {
      found.device.addEventListener('uncapturederror', event => reject(new CommandError(`the GPU reports: ${(event as GPUUncapturedErrorEvent).error.message.split('\n')[0]}`, EXIT.failed)))
      void found.device.lost.then(({ reason, message }) => {
        if (reason !== 'destroyed') reject(new CommandError(`the GPU was reset: ${message || 'no reason given'}`, EXIT.failed))
      })
    })
    broken.catch(() => {}) // whoever waits for it hears of it
    return { ...found, broken }
  } catch (error) {
    if (!(error instanceof DeviceObstacle) || error.obstacle !== 'no-adapter') throw error
    throw new CommandError('no GPU was found and no software one either: install a Vulkan driver or Chromium, or set VK_DRIVER_FILES to a driver', EXIT.failed)
  }
}
