/** Finding a GPU, or saying exactly why there is none. */
import type { Capabilities, Obstacle } from '../protocol.ts'

export class DeviceObstacle extends Error {
  override name = 'DeviceObstacle'
  readonly obstacle: Obstacle
  constructor(obstacle: Obstacle, detail: string) {
    super(detail)
    this.obstacle = obstacle
  }
}

/** Variants use these when they are there; nothing requires them. */
const OPTIONAL_FEATURES: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query']

/** What every kernel needs: WebGPU's guaranteed limits. */
const NEEDED = { maxStorageBuffersPerShaderStage: 8, maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 128 * 2 ** 20 } as const

/** Does this adapter run on the processor? */
export const isSoftwareAdapter = ({ isFallbackAdapter, vendor, architecture, device, description }: GPUAdapterInfo) =>
  isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(`${vendor} ${architecture} ${device} ${description}`)

/** What a device says of its adapter; browsers that know adapters alone do not have it. */
type Told = { readonly features: ReadonlySet<string>; readonly adapterInfo?: GPUAdapterInfo }

/** Does this device run on the processor? Where it does not say: no. */
export const isSoftware = ({ adapterInfo }: Told) => adapterInfo !== undefined && isSoftwareAdapter(adapterInfo)

/** Threads that may share what they load: 8 or 4 where every subgroup has as many, 0 where subgroups are not to be had. */
export function lanesOf({ features, adapterInfo }: Told): 0 | 4 | 8 {
  const least = features.has('subgroups') ? adapterInfo?.subgroupMinSize ?? 0 : 0
  return least >= 8 ? 8 : least >= 4 ? 4 : 0
}

export interface FoundDevice {
  device: GPUDevice
  capabilities: Capabilities
}

/**
 * @param gpu navigator.gpu, or Dawn's in Node; undefined when there is none
 * @throws DeviceObstacle
 */
export async function findDevice(gpu: GPU | undefined, secure = true): Promise<FoundDevice> {
  if (!secure) throw new DeviceObstacle('insecure', 'WebGPU needs https or localhost.')
  if (!gpu) throw new DeviceObstacle('no-webgpu', 'This browser has no WebGPU.')
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new DeviceObstacle('no-adapter', 'WebGPU is there, but it offered no GPU.')
  for (const [name, least] of Object.entries(NEEDED)) {
    const offered = adapter.limits[name as keyof typeof NEEDED]
    if (offered < least) throw new DeviceObstacle('limits', `This GPU allows ${name} = ${offered}, and the lab needs ${least}.`)
  }
  const features = OPTIONAL_FEATURES.filter(name => adapter.features.has(name))
  const device = await adapter.requestDevice({
    requiredFeatures: features,
    // Large runs may use what the adapter has beyond the guaranteed sizes; the memory plan refuses what does not fit.
    requiredLimits: { maxBufferSize: adapter.limits.maxBufferSize, maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize },
  })
  const { info, limits } = adapter
  return {
    device,
    capabilities: {
      adapter: info.description || [info.vendor, info.architecture].filter(Boolean).join(' ') || 'unnamed GPU', software: isSoftwareAdapter(info), features,
      limits: {
        maxBufferSize: limits.maxBufferSize, maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize, maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      },
    },
  }
}
