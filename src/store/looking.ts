import { post } from './bridge.ts'
import { nextWalk, useInside } from './inside.ts'

/** Asks for a walk of the step that comes next, of the replica and image chosen, as far as the run has them. */
export function lookInside(replicas: number, batch: number): void {
  const { replica, sample } = useInside.getState()
  post({ type: 'walk', requestId: nextWalk(), replica: Math.min(replica, replicas - 1), sample: Math.min(sample, batch - 1) })
}
