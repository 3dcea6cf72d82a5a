/**
 * How many samples a dispatch covers. Usually that is known when recording. Where a batch carries anchors (LCF's low-noise samples, seen
 * again at T_min) it is known only to the GPU, which writes the workgroup counts itself: no read-back, and anchors that are not there cost nothing.
 */
import { type Dispatch, type Groups, MOST_GROUPS, type Recorder, type Tensor } from '../engine/recorder.ts'

export interface Extent {
  /** Replicas, R. */
  replicas: number
  /** Samples covered, or the most there can be. */
  samples: number
  /** Set when the GPU decides: the batch and as many anchors as this step has. */
  anchors?: AnchorArguments
}

/** Work per sample: `units` threads or rows, `perGroup` of them in a workgroup, along x (0) or y (1); `fixed` workgroups along the other axis. */
export interface Spread {
  units: number
  perGroup: number
  axis?: 0 | 1
  fixed?: number
}

export function groupsOver(extent: Extent, { units, perGroup, axis = 0, fixed = 1 }: Spread): Dispatch['groups'] {
  const along = Math.ceil((extent.samples * units) / perGroup)
  const groups: Groups = axis === 0 ? [along, fixed, extent.replicas] : [fixed, along, extent.replicas]
  return extent.anchors ? { ...extent.anchors.entry(fixed, units, perGroup, axis), most: groups } : groups
}

/** Workgroups of 64 for so many threads, along y too where x cannot take them all: a thread's number is y · row + x. */
export function overBoth(threads: number): { groups: [x: number, y: number]; row: number } {
  const all = Math.ceil(threads / 64)
  const y = Math.ceil(all / MOST_GROUPS)
  const x = Math.ceil(all / y)
  return { groups: [x, y], row: 64 * x }
}

/** Workgroup counts that `anchor_arguments` computes on the GPU from the number of anchors. */
export class AnchorArguments {
  private static readonly most = 32
  private readonly templates = new Uint32Array(4 * AnchorArguments.most).map((_, i) => (i % 4 === 2 ? 1 : 0))
  private readonly places = new Map<string, number>()
  private readonly template: Tensor
  private readonly arguments: Tensor

  constructor(recorder: Recorder, private readonly replicas: number, private readonly batch: number) {
    this.template = recorder.constant('anchor templates', this.templates)
    this.arguments = recorder.tensor('anchor arguments', 3 * AnchorArguments.most, 'indirect')
  }

  entry(fixed: number, units: number, perGroup: number, axis: 0 | 1): { arguments: Tensor; offset: number } {
    const key = `${fixed} ${units} ${perGroup} ${axis}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = this.places.size
      if (place >= AnchorArguments.most) throw new Error('more kinds of anchor dispatches than were planned for')
      this.places.set(key, place)
      this.templates.set([fixed, units, perGroup, axis], 4 * place)
    }
    return { arguments: this.arguments, offset: 3 * place }
  }

  /** Records the kernel that fills in the counts; call it right after the batch is drawn. */
  record(recorder: Recorder, state: Tensor): void {
    recorder.dispatch('anchor_arguments', { state, templates: this.template, arguments: this.arguments },
      { replicas: this.replicas, batch: this.batch, count: AnchorArguments.most }, [1])
  }
}
