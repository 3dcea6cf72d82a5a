/** One replica as the page sees it. */
import type { Config } from '../config.ts'
import { resolveReplica } from '../model/knobs.ts'
import type { ReplicaTick } from '../protocol.ts'
import type { ReplicaHistory } from './history.ts'

const finite = (value: number) => (Number.isFinite(value) ? value : null)

/** The name its user gave it, or its method's. */
export function replicaLabel(config: Config, r: number): string {
  return config.replicas[r].label ?? resolveReplica(config, config.replicas[r]).method.label
}

export function replicaTick(config: Config, r: number, history: ReplicaHistory): ReplicaTick {
  const { objective, train, method } = resolveReplica(config, config.replicas[r])
  const knobs = method.knobs(objective)
  const { last } = history
  const anchored = last !== null && last.anchors > 0
  return {
    label: replicaLabel(config, r), method: method.id, seed: train.seed,
    flow: history.series('flow'), flowSmooth: history.series('flowSmooth'), gradientNorm: history.series('gradientNorm'),
    contrastive: method.contrastive ? history.series('contrastive') : { step: [], value: [] },
    last: {
      flow: last && finite(last.flow), gradientNorm: last && finite(last.gradientNorm), learningRate: last?.rate ?? 0, anchors: last?.anchors ?? 0,
      contrastive: anchored ? finite(last.contrastive) : null, positiveDistance: anchored ? finite(last.positive) : null, negativeDistance: anchored ? finite(last.negative) : null,
    },
    skipped: last?.skipped ?? 0, emptyAnchors: last?.empty ?? 0,
    knobs: { tMin: knobs.tMin, lambda: knobs.lambda, tau: objective.tau, learningRate: train.learningRate },
  }
}
