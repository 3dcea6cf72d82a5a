/** Networks from files on the chart of loss by noise level. Pure. */
import type { FileEvaluation } from '../../file_protocol.ts'
import type { Curve, LossByT, Panel } from '../../protocol.ts'
import type { LossView } from '../charts/lossByT.ts'

/** Dotted, as what stands beside a run. In the view of the excess each is taken above its own floor; without one it has no place there. */
export function withFiles(panel: Panel, evaluations: readonly FileEvaluation[], view: LossView): Panel {
  const curves = evaluations.flatMap(({ name, loss }): Curve[] => {
    const y = view === 'raw' ? loss.mean[0] : excess(loss)
    return y ? [{ replica: null, kind: 'baseline', label: stem(name), x: loss.t, y, spread: loss.standardError[0] }] : []
  })
  if (curves.length === 0) return panel
  const counts = [...new Set(evaluations.map(({ loss }) => loss.count))].join(', ')
  return { ...panel, curves: [...panel.curves, ...curves], notes: [...panel.notes, `Dotted: ${evaluations.map(({ name }) => name).join(', ')}, evaluated with onnxruntime on ${counts} images per level.`] }
}

function excess({ mean, floor }: LossByT): (number | null)[] | null {
  return floor && mean[0].map((value, i) => (value === null || value <= floor[i] ? null : value - floor[i]))
}

export const stem = (name: string) => name.replace(/\.(onnx|safetensors)$/i, '').slice(0, 40)
