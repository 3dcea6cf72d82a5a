import { useMemo } from 'react'
import { PlaneCanvas } from './PlaneCanvas.tsx'

const layers = { arrows: false, ways: false, density: false }
const none = new Float32Array()
const noSpeeds = [1]

/** Points (n,2) where they stand. */
export function PointGrid({ label, extent, points }: { label: string; extent: number; points: Float32Array }) {
  const view = useMemo(() => ({ replica: null, label, ways: points, classes: Array.from({ length: points.length / 2 }, () => 0), arrows: null }), [label, points])
  return <PlaneCanvas label={label} extent={extent} side={0} data={none} view={view} index={0} speeds={noSpeeds} layers={layers} reading="velocity" />
}
