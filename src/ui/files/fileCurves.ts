/** Networks from files on the page's own charts. Pure. */
import type { FileEvaluation } from '../../file_protocol.ts'
import type { Panel } from '../../panel.ts'
import type { LossByT } from '../../protocol.ts'
import type { SeedCurve } from '../../store/seeds.ts'
import { asDenoiser, type LossView } from '../charts/lossByT.ts'

/** In the view of the excess each is taken above its own floor; without one it has no place there. */
export function withFiles(panel: Panel, evaluations: readonly FileEvaluation[], view: LossView): Panel {
  const curves = evaluations.flatMap(({ name, loss }, file): SeedCurve[] => {
    const { mean, standardError } = view === 'denoiser' ? asDenoiser(loss) : loss
    const y = view === 'excess' ? excess(loss) : mean[0]
    return y ? [{ replica: null, kind: 'file', file, label: stem(name), x: loss.t, y, spread: standardError[0] }] : []
  })
  if (curves.length === 0) return panel
  const counts = [...new Set(evaluations.map(({ loss }) => loss.count))].join(', ')
  return { ...panel, curves: [...panel.curves, ...curves], notes: [...panel.notes, `Diamonds: ${evaluations.map(({ name }) => name).join(', ')}, evaluated with onnxruntime on ${counts} images per level.`] }
}

/** The same for the panels of a diagnostic. How each file was measured stands in the notes; a panel that only files have stands at the end. */
export function panelsWithFiles(diagnostic: string, panels: readonly Panel[], evaluations: readonly FileEvaluation[]): Panel[] {
  const found = evaluations.flatMap(({ name, panels: own }, file) => own.filter((panel) => panel.diagnostic === diagnostic).map((panel) => ({ name, panel, file })))
  if (found.length === 0) return [...panels]
  const missing = found.filter(({ panel: { id } }, i) => !panels.some((panel) => panel.id === id) && found.findIndex(({ panel }) => panel.id === id) === i)
  const axes = missing.map(({ panel }): Panel => ({ ...panel, curves: panel.curves.filter(({ kind }) => kind !== 'file'), spread: '', notes: [] }))
  return [...panels, ...axes].map((panel) => {
    const own = found.filter((one) => one.panel.id === panel.id)
    const curves = own.flatMap(({ name, panel: { curves: all }, file }) => all.filter(({ kind }) => kind === 'file').map((curve): SeedCurve => ({ ...curve, file, label: curve.label.replace(name, stem(name)) })))
    const notes = own.map(({ name, panel: { spread, notes: said } }) => `Diamonds: ${name}, with onnxruntime, ${[spread, ...said.slice(-1)].join('. ')}`)
    return { ...panel, curves: [...panel.curves, ...curves], notes: [...panel.notes, ...notes] }
  })
}

function excess({ mean, floor }: LossByT): (number | null)[] | null {
  return floor && mean[0].map((value, i) => (value === null || value <= floor[i] ? null : value - floor[i]))
}

export const stem = (name: string) => name.replace(/\.(onnx|safetensors)$/i, '').slice(0, 40)
